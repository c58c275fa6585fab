package syntax

import "fmt"

// maxRow bounds the bytes of one predicted row.
const maxRow = 1 << 20

// predicted undoes the predictor of a Flate or LZW stream (ISO 32000-2
// 7.4.4.4). An error of the filter itself is passed on with what there is.
func (r *Revision) predicted(parms *Dict, data []byte, filterErr error) ([]byte, error) {
	kind := r.number(parms, "Predictor", 1)
	if kind < 2 {
		return data, filterErr
	}
	colours := r.number(parms, "Colors", 1)
	depth := r.number(parms, "BitsPerComponent", 8)
	columns := r.number(parms, "Columns", 1)
	if colours < 1 || colours > 64 || depth < 1 || depth > 16 || columns < 1 {
		return nil, fmt.Errorf("predictor parameters out of range: %w", ErrDamaged)
	}
	row := (colours*depth*columns + 7) / 8
	if row > maxRow {
		return nil, fmt.Errorf("predictor row of %d bytes: %w", row, ErrOverLimit)
	}
	pixel := max(1, colours*depth/8)
	if kind == 2 {
		if depth != 8 {
			return nil, fmt.Errorf("TIFF predictor with %d bits a colour: %w", depth, ErrFilter)
		}
		return unTIFF(data, row, colours), filterErr
	}
	out, err := unPNG(data, row, pixel)
	if err != nil {
		return out, err
	}
	return out, filterErr
}

// unTIFF undoes TIFF predictor 2 in place for colours of one byte.
func unTIFF(data []byte, row, colours int) []byte {
	for start := 0; start < len(data); start += row {
		line := data[start:min(start+row, len(data))]
		for i := colours; i < len(line); i++ {
			line[i] += line[i-colours]
		}
	}
	return data
}

// unPNG undoes the PNG predictors (RFC 2083 clause 6) in place.
func unPNG(data []byte, row, pixel int) ([]byte, error) {
	out := data[:0]
	zero := make([]byte, row)
	above := zero
	for len(data) > 0 {
		kind := data[0]
		line := data[1:min(row+1, len(data))]
		data = data[1+len(line):]
		if err := unPNGRow(kind, line, above, pixel); err != nil {
			return out, err
		}
		// The row moves down over the filter bytes that are gone.
		start := len(out)
		out = append(out, line...)
		above = out[start:]
		if len(above) < row {
			break
		}
	}
	return out, nil
}

func unPNGRow(kind byte, line, above []byte, pixel int) error {
	switch kind {
	case 0:
	case 1:
		for i := pixel; i < len(line); i++ {
			line[i] += line[i-pixel]
		}
	case 2:
		for i := range line {
			line[i] += above[i]
		}
	case 3:
		for i := range line {
			left := 0
			if i >= pixel {
				left = int(line[i-pixel])
			}
			line[i] += byte((left + int(above[i])) / 2)
		}
	case 4:
		for i := range line {
			var left, corner byte
			if i >= pixel {
				left, corner = line[i-pixel], above[i-pixel]
			}
			line[i] += paeth(left, above[i], corner)
		}
	default:
		return fmt.Errorf("unknown PNG row filter %d: %w", kind, ErrDamaged)
	}
	return nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

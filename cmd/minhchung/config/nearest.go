package config

// Nearest returns the candidate with the smallest edit distance, for "did you
// mean"; none when more than half of the word would have to change.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", (len([]rune(word))+1)/2+1
	for _, c := range candidates {
		if d := distance([]rune(word), []rune(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

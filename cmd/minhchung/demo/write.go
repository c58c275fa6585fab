package demo

import (
	"bytes"
	"encoding/csv"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"minhchung/evidence"
)

// header is the register's title row, in the words of Decree 30/2020
// appendix IV and VI.
var header = []string{
	"Sổ", "Số", "Ký hiệu", "Ngày", "Tên loại", "Trích yếu", "Loại bản", "Tệp",
	"Loại trừ", "Lý do loại trừ", "Người duyệt", "Độ mật", "Ngày gửi", "Kênh gửi",
}

var kindWords = map[evidence.Kind]string{
	evidence.Original: "Bản gốc", evidence.Copy: "Bản sao", evidence.Annex: "Phụ lục",
}

var exclusionWords = map[string]string{
	"void": "Hủy", "withdrawn": "Thu hồi", "out-of-scope": "Ngoài phạm vi",
}

// csv writes the register as a document system exports it: a byte order
// mark, title rows, then the table.
func (p *plan) csv() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Write(wide("UBND XÃ THỬ NGHIỆM (DỮ LIỆU THỬ)"))
	w.Write(wide("SỔ ĐĂNG KÝ VĂN BẢN ĐI NĂM 2022"))
	w.Write(header)
	for _, rec := range p.records() {
		w.Write(rec)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

func wide(first string) []string {
	rec := make([]string, len(header))
	rec[0] = first
	return rec
}

// records are the table's lines: the plan's entries, with the secret
// documents, which have a series of their own, between them by date.
func (p *plan) records() [][]string {
	var out [][]string
	for i := range p.entries {
		out = append(out, p.entries[i].record())
		if k := i * (secretRows + 1) / len(p.entries); k > 0 && k != (i-1)*(secretRows+1)/len(p.entries) {
			out = append(out, secretRecord(k, p.entries[i].row.Date))
		}
	}
	return out
}

func (e *entry) record() []string {
	r := e.row
	// The ordinary documents of the unit are one series without a name.
	rec := []string{"", r.Number, r.Notation, vietnamese(r.Date), r.Type, r.Subject, kindWords[r.Kind], r.File, "", "", "", "", "", ""}
	if x := r.Exclusion; x != nil {
		rec[8], rec[9], rec[10] = exclusionWords[x.Code], x.Reason, x.Approver
		return rec
	}
	rec[12], rec[13] = vietnamese(r.Date), "Trục liên thông"
	return rec
}

// secretRecord is a line whose content must be dropped when it is read.
func secretRecord(k int, d evidence.Date) []string {
	return []string{"M", fmt.Sprint(k), "BC-UBND", vietnamese(d), "Báo cáo", "Nội dung mật giả định, không được lưu lại", "Bản gốc", "", "", "", "", "Mật", "", ""}
}

func vietnamese(d evidence.Date) string {
	return date(string(d)).Format("02/01/2006")
}

// rowID is the id that evidence gives a row of this register.
func (e *entry) rowID() string { return e.row.Number + "/" + e.row.Notation }

// write puts data into dir/name, first under a temporary name.
func write(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	tmp := path + ".part"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return fmt.Errorf("writing the demo: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing the demo: %w", err)
	}
	return nil
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// trustFiles and rosterFiles are what the hierarchy is written to.
const (
	anchorFile = "trust/root.pem"
	ca1File    = "trust/ca-1.pem"
	ca2File    = "trust/ca-2.pem"
)

func crlFiles() []string {
	var out []string
	for _, ca := range []string{"root", "ca-1", "ca-2"} {
		for _, at := range []string{"2022", "now"} {
			out = append(out, "trust/"+ca+"-"+at+".crl.pem")
		}
	}
	return out
}

// rosterIDs lists who is on the roster, in the order of the table.
func rosterIDs() []signerID {
	var out []signerID
	for id, pr := range profiles {
		if pr.roster {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func rosterFile(i int, id signerID) string {
	return fmt.Sprintf("roster/%d-%s.pem", i+1, profiles[id].role)
}

// writeTrust writes certificates and CRLs. No private key is ever written.
func (p *pki) writeTrust(dir string, now time.Time) error {
	out := map[string][]byte{
		anchorFile: pemBlock("CERTIFICATE", p.root.cert.Raw),
		ca1File:    pemBlock("CERTIFICATE", p.first.cert.Raw),
		ca2File:    pemBlock("CERTIFICATE", p.second.cert.Raw),
	}
	crls, err := p.crls(now)
	if err != nil {
		return err
	}
	for name, der := range crls {
		out["trust/"+name+".crl.pem"] = pemBlock("X509 CRL", der)
	}
	for i, id := range rosterIDs() {
		out[rosterFile(i, id)] = pemBlock("CERTIFICATE", p.signers[id].cert.Raw)
	}
	for name, data := range out {
		if err := write(dir, name, data); err != nil {
			return err
		}
	}
	return nil
}

// empty reports whether dir is missing or has nothing in it.
func empty(dir string) (bool, error) {
	list, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking into the demo's folder: %w", err)
	}
	return len(list) == 0, nil
}

// remove deletes one file that a plan made, and is content when it is gone.
func remove(dir, name string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("clearing an interrupted demo: %w", err)
	}
	return nil
}

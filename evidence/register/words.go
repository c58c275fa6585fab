package register

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"minhchung/evidence"
)

// typeNames are the 29 kinds of administrative documents with their
// abbreviations (Decree 30/2020 art. 7 and appendix III).
var typeNames = []struct{ name, short string }{
	{"Nghị quyết", "NQ"}, {"Quyết định", "QĐ"}, {"Chỉ thị", "CT"}, {"Quy chế", "QC"}, {"Quy định", "QyĐ"},
	{"Thông cáo", "TC"}, {"Thông báo", "TB"}, {"Hướng dẫn", "HD"}, {"Chương trình", "CTr"}, {"Kế hoạch", "KH"},
	{"Phương án", "PA"}, {"Đề án", "ĐA"}, {"Dự án", "DA"}, {"Báo cáo", "BC"}, {"Biên bản", "BB"},
	{"Tờ trình", "TTr"}, {"Hợp đồng", "HĐ"}, {"Công văn", "CV"}, {"Công điện", "CĐ"}, {"Bản ghi nhớ", "BGN"},
	{"Bản thỏa thuận", "BTT"}, {"Giấy ủy quyền", "GUQ"}, {"Giấy mời", "GM"}, {"Giấy giới thiệu", "GGT"}, {"Giấy nghỉ phép", "GNP"},
	{"Phiếu gửi", "PG"}, {"Phiếu chuyển", "PC"}, {"Phiếu báo", "PB"}, {"Thư công", "TCg"},
}

var typeKeys = func() map[string]bool {
	m := map[string]bool{"nghi quyet ca biet": true, "quyet dinh ca biet": true}
	for _, t := range typeNames {
		m[words(t.name)], m[words(t.short)] = true, true
	}
	return m
}()

func knownType(text string) bool { return typeKeys[words(text)] }

// splitType takes the type off the front of "Báo cáo kết quả quý I".
func splitType(text string) (typeName, subject string) {
	folded := []rune(fold(text))
	runes := []rune(norm.NFC.String(text))
	if len(folded) != len(runes) {
		return "", text
	}
	for _, t := range typeNames {
		key := []rune(fold(t.name))
		if len(folded) < len(key) || string(folded[:len(key)]) != string(key) {
			continue
		}
		rest := string(runes[len(key):])
		if rest == "" {
			return string(runes[:len(key)]), ""
		}
		if strings.ContainsRune(" :,.-–;", []rune(rest)[0]) {
			return string(runes[:len(key)]), strings.TrimLeft(rest, " :,.-–;")
		}
	}
	return "", text
}

// kinds of documents in both languages. An unknown word is taken for an
// original, of which most signatures are demanded, and is a finding.
var kinds = map[string]evidence.Kind{
	"": evidence.Original, "original": evidence.Original, "ban goc": evidence.Original, "goc": evidence.Original,
	"ban chinh": evidence.Original, "chinh": evidence.Original, "van ban goc": evidence.Original, "ban goc dien tu": evidence.Original,
	"copy": evidence.Copy, "certified copy": evidence.Copy, "ban sao": evidence.Copy, "sao": evidence.Copy, "sao y": evidence.Copy,
	"ban sao y": evidence.Copy, "sao y ban chinh": evidence.Copy, "sao luc": evidence.Copy, "trich sao": evidence.Copy,
	"annex": evidence.Annex, "appendix": evidence.Annex, "phu luc": evidence.Annex, "kem theo": evidence.Annex,
	"tai lieu kem theo": evidence.Annex, "van ban kem theo": evidence.Annex,
}

// exclusions in both languages. "secret" rows are dropped; "" is none.
var exclusions = map[string]string{
	"": "", "khong": "", "no": "", "none": "", "0": "", "false": "",
	"secret": secret, "mat": secret, "van ban mat": secret, "toi mat": secret, "tuyet mat": secret, "tai lieu mat": secret, "top secret": secret, "confidential": secret, "bi mat": secret,
	"void": "void", "huy": "void", "da huy": "void", "huy bo": "void", "vo hieu": "void", "huy so": "void", "so huy": "void", "cancelled": "void", "canceled": "void",
	"withdrawn": "withdrawn", "thu hoi": "withdrawn", "da thu hoi": "withdrawn", "rut": "withdrawn", "da rut": "withdrawn", "recalled": "withdrawn",
	"out of scope": "out-of-scope", "ngoai pham vi": "out-of-scope", "khong thuoc pham vi": "out-of-scope", "ngoai pham vi tinh": "out-of-scope",
}

const secret = "secret"

// open words of a secrecy column; what is neither open nor a grade of secrecy
// is a finding.
var openWords = map[string]bool{"": true, "khong": true, "thuong": true, "binh thuong": true, "khong mat": true, "no": true, "none": true,
	"0": true, "false": true, "public": true, "open": true, "unclassified": true, "cong khai": true}

// grades are those of the Law on state secrets (29/2018/QH14 art. 8) and
// their stamps A, B and C.
var grades = map[string]bool{"a": true, "b": true, "c": true, "m": true, "tm": true, "x": true, "1": true, "yes": true, "co": true, "true": true,
	"secret": true, "top secret": true, "confidential": true}

// isGrade reads a secrecy column: secret, and whether the word is known.
func isGrade(text string) (secret, known bool) {
	w := words(text)
	switch {
	case openWords[w]:
		return false, true
	case grades[w]:
		return true, true
	}
	for _, word := range strings.Fields(w) {
		if word == "mat" {
			return true, true
		}
	}
	return false, false
}

// secrecyMark is a stamp in brackets, as registers note it: "(Mật)". In a
// notation the bare word is one too, while a subject may well speak of secrets.
var (
	secrecyMark  = regexp.MustCompile(`(?i)[(\[]\s*(?:tối\s+|tuyệt\s+)?mật\s*[)\]]`)
	notationMark = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:mật|mat)(?:$|[^\p{L}])|[(\[](?:a|b|c|m|tm)[)\]]`)
	stamp        = regexp.MustCompile(`(?i)[(\[](?:a|b|c|m|tm)[)\]]`)
	// nameMark is a stamp in a file's folded name. "(a)" is too often an
	// ordinary part of one.
	nameMark = regexp.MustCompile(`[(\[]\s*(?:(?:toi|tuyet)\s+)?(?:mat|m|tm)\s*[)\]]|\btuyet[\s_-]+mat\b`)
	// markedName is a degree of secrecy that folding would make another word.
	markedName = regexp.MustCompile(`tối[\s_-]+mật`)
)

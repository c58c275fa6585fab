package searchtest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/text/syllable"
	"minhchung/search"
)

// Phrases are words of Vietnamese administration, most frequent first. The
// generated pages are made of them.
var Phrases = strings.Split(strings.TrimSpace(`
ủy ban nhân dân
cải cách hành chính
thủ tục hành chính
cán bộ công chức
văn bản
hồ sơ
thực hiện
kế hoạch
báo cáo
nhiệm vụ
kết quả
tổ chức
người dân
lãnh đạo
chỉ đạo điều hành
dịch vụ công trực tuyến
bộ phận một cửa
tiếp nhận và trả kết quả
một cửa liên thông
trang thông tin điện tử
chính quyền điện tử
chữ ký số
văn bản điện tử
thư điện tử công vụ
ứng dụng công nghệ thông tin
an toàn thông tin mạng
chuyển đổi số
số hóa hồ sơ
cơ sở dữ liệu
chỉ số cải cách hành chính
tài liệu kiểm chứng
tiêu chí thành phần
tự chấm điểm
thẩm định
sự hài lòng của người dân
điều tra xã hội học
tiếp công dân
giải quyết khiếu nại tố cáo
đối thoại với người dân
kiểm tra giám sát
thanh tra
rút kinh nghiệm
kiểm điểm trách nhiệm
kỷ luật kỷ cương
quy chế làm việc
quy chế chi tiêu nội bộ
tài sản công
dự toán ngân sách
thu chi ngân sách
quyết toán
công khai minh bạch
niêm yết công khai
phòng chống tham nhũng
thực hành tiết kiệm
chống lãng phí
thi đua khen thưởng
sáng kiến kinh nghiệm
đào tạo bồi dưỡng
đánh giá xếp loại
vị trí việc làm
tinh giản biên chế
sắp xếp tổ chức bộ máy
phân cấp quản lý
văn bản quy phạm pháp luật
phổ biến giáo dục pháp luật
theo dõi thi hành pháp luật
rà soát văn bản
tư pháp hộ tịch
chứng thực bản sao
đăng ký khai sinh
đăng ký kết hôn
giấy chứng nhận quyền sử dụng đất
địa chính xây dựng
quy hoạch sử dụng đất
giải phóng mặt bằng
bồi thường hỗ trợ
xây dựng nông thôn mới
giảm nghèo bền vững
lao động thương binh và xã hội
bảo hiểm y tế
bảo trợ xã hội
người có công
chăm sóc sức khỏe
trạm y tế
phòng chống dịch bệnh
vệ sinh môi trường
an toàn thực phẩm
phòng chống thiên tai
phòng cháy chữa cháy
an ninh trật tự
quốc phòng an ninh
nghĩa vụ quân sự
hội đồng nhân dân
mặt trận tổ quốc
hội cựu chiến binh
hội liên hiệp phụ nữ
đoàn thanh niên
hội nông dân
trường tiểu học
phổ cập giáo dục
văn hóa văn nghệ
thể dục thể thao
di tích lịch sử
gia đình văn hóa
khu dân cư
trưởng thôn
tổ dân phố
hợp tác xã
sản xuất nông nghiệp
cây trồng vật nuôi
thủy lợi nội đồng
đường giao thông
điện chiếu sáng
nước sạch
thu gom rác thải
doanh nghiệp
hộ kinh doanh
thuế phí lệ phí
ngân hàng chính sách
vay vốn ưu đãi
đơn thư
giấy mời họp
biên bản cuộc họp
thông báo kết luận
công văn hướng dẫn
tờ trình
quyết định phê duyệt
nghị quyết
chương trình công tác
lịch tiếp dân
phân công nhiệm vụ
trọng tâm đột phá
tiến độ thực hiện
đúng thời hạn
trước hạn
quá hạn
chậm muộn
nguyên nhân mất điểm
tồn tại hạn chế
giải pháp khắc phục
phương hướng nhiệm vụ
căn cứ
theo quy định
trên địa bàn
trong năm
thời gian tới
đề nghị
yêu cầu
phối hợp
tham mưu
tuyên truyền
triển khai
ban hành
nâng cao chất lượng
`), "\n")

// Generator makes pages that read like administration, the same ones for the
// same seed.
type Generator struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	names []string
}

// NewGenerator returns a generator.
func NewGenerator(seed uint64) *Generator {
	rng := rand.New(rand.NewPCG(seed, 2022))
	g := &Generator{rng: rng, zipf: rand.NewZipf(rng, 1.1, 8, uint64(len(Phrases)-1))}
	keys := syllable.Keys()
	for range 400 {
		g.names = append(g.names, title(syllable.Written(keys[rng.IntN(len(keys))]))+" "+
			title(syllable.Written(keys[rng.IntN(len(keys))])))
	}
	return g
}

func title(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// Sentence returns a sentence of about ten to twenty syllables.
func (g *Generator) Sentence() string {
	var parts []string
	for range 3 + g.rng.IntN(3) {
		parts = append(parts, Phrases[g.zipf.Uint64()])
		switch g.rng.IntN(8) {
		case 0:
			parts = append(parts, "xã "+g.names[g.rng.IntN(len(g.names))])
		case 1:
			parts = append(parts, fmt.Sprintf("năm %d", 2015+g.rng.IntN(10)))
		case 2:
			parts = append(parts, fmt.Sprintf("đạt %d/%d điểm", g.rng.IntN(10), 10+g.rng.IntN(5)))
		case 3:
			parts = append(parts, fmt.Sprintf("tại văn bản số %d/%s", 1+g.rng.IntN(900), notations[g.rng.IntN(len(notations))]))
		}
	}
	return title(strings.Join(parts, []string{" ", ", ", " và ", " của "}[g.rng.IntN(4)])) + "."
}

var (
	notations = []string{"BC-UBND", "QĐ-UBND", "KH-UBND", "TB-UBND", "CV-UBND", "TTr-UBND", "NQ-HĐND"}
	types     = []string{"Báo cáo", "Quyết định", "Kế hoạch", "Thông báo", "Công văn", "Tờ trình", "Nghị quyết"}
	states    = []evidence.State{evidence.Proven, evidence.Proven, evidence.Disproven, evidence.Undetermined}
)

// Text returns a text of n sentences.
func (g *Generator) Text(n int) string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = g.Sentence()
	}
	return strings.Join(lines, "\n")
}

// Page returns page i of a large collection: 100 units, three periods, three
// pages a document. Its text has about 350 syllables.
func (g *Generator) Page(i int) search.Page {
	doc := i / 3
	kind := doc % len(types)
	return search.Page{
		Unit: evidence.UnitID(fmt.Sprintf("xa-%03d", doc%100)), Period: evidence.Period(fmt.Sprint(2020 + doc%3)),
		Document: signature.HashOf(fmt.Append(nil, "generated ", doc)), Number: i%3 + 1,
		Row: fmt.Sprintf("%d/%s", doc%900+1, notations[kind]), CodeNumber: fmt.Sprint(doc%900 + 1), Notation: notations[kind],
		Criteria: []string{fmt.Sprintf("%d.%d", doc%10+1, doc%7+1)}, Type: types[kind], State: states[doc%len(states)],
		TextSource: []string{"pdf", "pdf", "ocr-vie", "office"}[doc%4],
		Date:       evidence.Date(fmt.Sprintf("%d-%02d-%02d", 2020+doc%3, doc%12+1, doc%28+1)),
		Name:       fmt.Sprintf("%d.pdf", doc), Subject: Phrases[g.zipf.Uint64()] + " " + g.names[doc%len(g.names)],
		Text: g.Text(22),
	}
}

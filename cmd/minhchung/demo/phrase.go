package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// topic is what a document is about.
type topic struct {
	typeName, notation string
	subject            string
}

// documentTypes are the kinds a commune writes most (Decree 30/2020
// art. 7), with how often.
var documentTypes = []struct {
	name, notation string
	weight         int
	lead           string
}{
	{"Báo cáo", "BC-UBND", 30, "Báo cáo kết quả"},
	{"Công văn", "UBND-VP", 24, "Về việc"},
	{"Quyết định", "QĐ-UBND", 16, "Về việc"},
	{"Kế hoạch", "KH-UBND", 10, "Kế hoạch"},
	{"Thông báo", "TB-UBND", 8, "Thông báo về việc"},
	{"Tờ trình", "TTr-UBND", 6, "Tờ trình về việc"},
	{"Giấy mời", "GM-UBND", 4, "Giấy mời dự họp về việc"},
	{"Chương trình", "CTr-UBND", 2, "Chương trình"},
}

var (
	works = []string{
		"triển khai", "rà soát", "đẩy mạnh", "kiểm tra", "tổng hợp", "tăng cường",
		"thực hiện", "đánh giá", "phối hợp thực hiện", "đôn đốc", "sơ kết", "củng cố",
	}
	objects = []string{
		"công tác cải cách hành chính", "chuyển đổi số và đề án 06", "công tác tiếp công dân",
		"phong trào xây dựng nông thôn mới", "thu quỹ phòng chống thiên tai", "công tác phòng cháy chữa cháy",
		"tiêm chủng mở rộng", "hồ sơ hộ nghèo và hộ cận nghèo", "công tác tuyển quân",
		"bảo đảm an toàn thực phẩm", "vệ sinh môi trường khu dân cư", "sửa chữa đường giao thông liên thôn",
		"cấp giấy chứng nhận quyền sử dụng đất", "phòng chống dịch bệnh trên đàn gia súc",
		"ký số văn bản điện tử", "lưu trữ hồ sơ", "hòa giải ở cơ sở", "phổ biến giáo dục pháp luật",
		"chi trả trợ cấp xã hội", "thu ngân sách xã", "quản lý hộ tịch", "khuyến nông vụ hè thu",
	}
	scopes = []string{
		"trên địa bàn xã", "tại thôn Mẫu Một", "tại thôn Mẫu Hai", "tại thôn Mẫu Ba", "quý I năm 2022",
		"quý II năm 2022", "6 tháng đầu năm 2022", "9 tháng năm 2022", "năm 2022", "trong tháng",
	}
	openings = []string{
		"Thực hiện chỉ đạo của cấp trên về {object}, Ủy ban nhân dân xã Thử Nghiệm {work} {object2} {scope} như sau:",
		"Căn cứ chương trình công tác năm 2022, Ủy ban nhân dân xã Thử Nghiệm thông tin về việc {work} {object} {scope}:",
		"Xét đề nghị của công chức phụ trách {object}, Ủy ban nhân dân xã có ý kiến về việc {work} {object2} {scope}.",
	}
	sentences = []string{
		"Trong kỳ, xã đã tiếp nhận {n} hồ sơ, giải quyết đúng hạn {n2} hồ sơ, không có hồ sơ tồn đọng.",
		"Các thôn tổ chức {d} cuộc họp với {n} lượt người tham dự; ý kiến đóng góp được ghi biên bản đầy đủ.",
		"Kinh phí thực hiện là {money} đồng, lấy từ nguồn chi thường xuyên đã được giao đầu năm.",
		"Bộ phận một cửa bố trí {d} máy tính và {d2} cán bộ hướng dẫn người dân nộp hồ sơ trực tuyến.",
		"Hệ thống loa truyền thanh phát {n} lượt tin, bài; trang thông tin điện tử đăng {d} bài viết.",
		"Công tác {object2} còn gặp khó khăn do một số hộ chưa nắm rõ quy định; cần tiếp tục vận động.",
		"Đề nghị các thôn báo cáo kết quả trước ngày {day} để tổng hợp gửi cấp trên theo quy định.",
		"Công chức văn phòng - thống kê chịu trách nhiệm theo dõi, đôn đốc và tham mưu việc {work} {object2}.",
		"Qua kiểm tra {d} hộ kinh doanh, đoàn nhắc nhở {d2} trường hợp và hướng dẫn khắc phục ngay tại chỗ.",
		"Tỷ lệ văn bản điện tử có ký số được theo dõi hằng tháng; số liệu lấy từ sổ đăng ký văn bản đi.",
		"Tổng diện tích gieo trồng đạt {n} ha, năng suất bình quân {d} tạ một ha, tăng so với cùng kỳ.",
		"Ban công an xã tổ chức {d} buổi tuần tra, giải quyết {d2} vụ việc, giữ vững an ninh trật tự.",
		"Xã ban hành Kế hoạch cải cách hành chính năm 2022 với {d} nhiệm vụ và phân công người theo dõi từng nhiệm vụ.",
		"Bộ phận, cá nhân để hồ sơ quá hạn phải kiểm điểm, rút kinh nghiệm và gửi thư xin lỗi người dân.",
		"Mặt trận và các đoàn thể phối hợp giám sát, bảo đảm công khai, dân chủ trong quá trình thực hiện.",
		"Người dân có thể phản ánh trực tiếp tại trụ sở hoặc qua hòm thư góp ý; mọi phản ánh được trả lời trong {d} ngày.",
		"Số tiền vận động ủng hộ đạt {money} đồng, được chuyển vào tài khoản đúng quy định và niêm yết công khai.",
		"Tài liệu này được tạo ra để thử chương trình; mọi tên người, địa danh và số liệu đều là giả định.",
	}
	closings = []string{
		"Yêu cầu các bộ phận liên quan nghiêm túc thực hiện; có vướng mắc thì báo cáo về Ủy ban nhân dân xã để xem xét.",
		"Trên đây là nội dung về việc {work} {object}; đề nghị các đơn vị phối hợp thực hiện.",
		"Văn bản này có hiệu lực kể từ ngày ký.",
	}
	recipients = []string{
		"- Như trên;", "- Thường trực Đảng ủy (để báo cáo);", "- Hội đồng nhân dân xã;", "- Các thôn;",
		"- Công chức chuyên môn;", "- Các đoàn thể xã;",
	}
)

func pickTopic(rng *rand.Rand) topic {
	total := 0
	for _, d := range documentTypes {
		total += d.weight
	}
	n := rng.IntN(total)
	for _, d := range documentTypes {
		if n -= d.weight; n < 0 {
			return topic{d.name, d.notation, fmt.Sprintf("%s %s %s %s", d.lead, pick(rng, works), pick(rng, objects), pick(rng, scopes))}
		}
	}
	panic("demo: weights of document types do not add up")
}

// body writes n paragraphs with an opening and a closing one.
func body(rng *rand.Rand, n int) []string {
	paragraphs := []string{fill(rng, pick(rng, openings))}
	// A hand of cards: no sentence comes twice before all have come.
	var deck []int
	for range n {
		var s []string
		for range 2 + rng.IntN(3) {
			if len(deck) == 0 {
				deck = rng.Perm(len(sentences))
			}
			s = append(s, fill(rng, sentences[deck[0]]))
			deck = deck[1:]
		}
		paragraphs = append(paragraphs, strings.Join(s, " "))
	}
	return append(paragraphs, fill(rng, pick(rng, closings)))
}

// fill replaces the placeholders of a sentence.
func fill(rng *rand.Rand, s string) string {
	return strings.NewReplacer(
		"{work}", pick(rng, works), "{object}", pick(rng, objects), "{object2}", pick(rng, objects),
		"{scope}", pick(rng, scopes), "{n}", fmt.Sprint(40+rng.IntN(900)), "{n2}", fmt.Sprint(20+rng.IntN(300)),
		"{d}", fmt.Sprint(3+rng.IntN(40)), "{d2}", fmt.Sprint(2+rng.IntN(8)),
		"{money}", fmt.Sprintf("%d.%03d.000", 1+rng.IntN(95), rng.IntN(1000)),
		"{day}", fmt.Sprintf("%02d/%02d/2022", 1+rng.IntN(28), 1+rng.IntN(12)),
	).Replace(s)
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

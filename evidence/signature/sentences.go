package signature

// sentence is what a person reads about a code: what was found, and what to
// do next.
type sentence struct{ what, next string }

// Sentence explains an Indication, a Subindication, a Result or a reason code
// in one plain sentence, and says the next step in another. lang is "vi" or
// "en"; any other is read as "vi". Unknown codes give the code itself and no
// next step. next is empty where nothing is to be done.
func Sentence(code, lang string) (what, next string) {
	table := vietnamese
	if lang == "en" {
		table = english
	}
	s, ok := table[code]
	if !ok {
		return code, ""
	}
	return s.what, s.next
}

// The next steps that several codes share.
const (
	viAskSigner = "Đề nghị người ký ký lại và gửi lại tệp gốc."
	enAskSigner = "Ask the signer to sign again and to send the original file."
	viAskFile   = "Tìm lại tệp gốc từ hệ thống phát hành; không dùng bản này."
	enAskFile   = "Get the original file from the system that issued it; do not use this one."
	viRevFile   = "Tải CRL hoặc phản hồi OCSP của cơ quan cấp chứng thư vào danh sách tin cậy rồi kiểm tra lại."
	enRevFile   = "Add the issuer's CRL or OCSP answer to the trust list and check again."
	viProof     = "Bổ sung bằng chứng thời gian: dấu thời gian, biên nhận gửi nhận hoặc ngày ghi sổ; nếu không có, cân nhắc hạng B."
	enProof     = "Provide evidence of time: a time stamp, an exchange receipt or a ledger entry; otherwise consider grade B."
	viChain     = "Thêm chứng thư của cơ quan cấp vào danh sách tin cậy nếu đó là cơ quan được công nhận, rồi kiểm tra lại."
	enChain     = "Add the issuer's certificate to the trust list if it is a recognised authority, then check again."
	viNewAlgo   = "Đề nghị ký lại bằng thuật toán còn được phép, hoặc bổ sung bằng chứng thời gian từ khi còn được phép."
	enNewAlgo   = "Ask for a new signature with an allowed algorithm, or provide evidence of time from when it was allowed."
	viOpenFile  = "Mở danh sách thay đổi và so sánh hai phiên bản của tệp."
	enOpenFile  = "Open the list of changes and compare the two revisions of the file."
)

var vietnamese = map[string]sentence{
	string(TotalPassed):   {"Chữ ký hợp lệ.", ""},
	string(Indeterminate): {"Chưa đủ căn cứ để kết luận về chữ ký.", "Xem các lý do kèm theo và bổ sung bằng chứng còn thiếu."},
	string(TotalFailed):   {"Chữ ký không hợp lệ.", viAskSigner},

	string(ResultIntact):     {"Mọi chữ ký còn nguyên vẹn và tệp không bị thay đổi trái phép.", ""},
	string(ResultBroken):     {"Có chữ ký bị hỏng hoặc không khớp với nội dung.", viAskFile},
	string(ResultUnsigned):   {"Tệp không có chữ ký số.", "Đề nghị ký số tệp gốc; hình con dấu hoặc chữ ký quét không phải chữ ký số."},
	string(ResultEncrypted):  {"Tệp được mã hóa nên không kiểm tra được.", "Gửi bản không đặt mật khẩu."},
	string(ResultUnreadable): {"Tệp hỏng hoặc vượt giới hạn nên không đọc được.", viAskFile},
	string(ResultUnknown):    {"Chữ ký hoặc định dạng chưa được hỗ trợ; chương trình không đoán.", "Kiểm tra bằng công cụ của cơ quan cấp chứng thư."},

	string(FormatFailure):             {"Chữ ký sai định dạng chuẩn hoặc tệp bị thay đổi trái phép sau khi ký.", viAskFile},
	string(HashFailure):               {"Nội dung đã bị thay đổi sau khi ký: giá trị băm không khớp.", viAskFile},
	string(SigCryptoFailure):          {"Giá trị chữ ký không khớp với khóa của người ký.", viAskFile},
	string(Revoked):                   {"Chứng thư đã bị thu hồi trước khi ký.", viAskSigner},
	string(Expired):                   {"Thời điểm ký ghi trong tệp nằm sau ngày hết hạn của chứng thư.", viAskSigner},
	string(NotYetValid):               {"Thời điểm ký ghi trong tệp nằm trước ngày chứng thư có hiệu lực.", viAskSigner},
	string(SigConstraintsFailure):     {"Chữ ký không đáp ứng một yêu cầu của chính sách kiểm tra.", "Xem lý do kèm theo."},
	string(ChainConstraintsFailure):   {"Đường dẫn chứng thư vi phạm giới hạn do cơ quan cấp đặt ra.", "Báo cơ quan cấp chứng thư."},
	string(CertificateChainGeneral):   {"Không xác minh được đường dẫn chứng thư.", viChain},
	string(CryptoConstraintsFailure):  {"Thuật toán hoặc độ dài khóa không được phép ở thời điểm ký.", viNewAlgo},
	string(CryptoConstraintsNoPOE):    {"Thuật toán nay không còn được phép và chưa chứng minh được đã ký khi còn được phép.", viNewAlgo},
	string(PolicyProcessingError):     {"Không áp dụng được chính sách kiểm tra.", "Kiểm tra tệp chính sách."},
	string(TimestampOrderFailure):     {"Các mốc thời gian mâu thuẫn: thời điểm ký ghi trong tệp muộn hơn thời điểm đã được chứng minh.", "Kiểm tra đồng hồ của máy ký và hỏi lại người ký."},
	string(NoSigningCertificateFound): {"Không tìm thấy chứng thư mà chữ ký nêu tên.", viAskFile},
	string(NoCertificateChainFound):   {"Không tìm được đường dẫn từ chứng thư người ký đến gốc tin cậy.", viChain},
	string(RevokedNoPOE):              {"Chứng thư đã bị thu hồi và chưa chứng minh được là đã ký trước đó.", viProof},
	string(RevokedCANoPOE):            {"Chứng thư của cơ quan cấp đã bị thu hồi và chưa chứng minh được là đã ký trước đó.", viProof},
	string(OutOfBoundsNoPOE):          {"Chứng thư nay đã hết hạn và chưa chứng minh được là đã ký khi còn hiệu lực.", viProof},
	string(OutOfBoundsNotRevoked):     {"Chứng thư nay đã hết hạn, không bị thu hồi, và chưa chứng minh được thời điểm ký.", viProof},
	string(NoPOE):                     {"Chưa có bằng chứng về thời điểm chữ ký tồn tại.", viProof},
	string(TryLater):                  {"Chưa có thông tin thu hồi dùng được cho chứng thư.", viRevFile},
	string(SignedDataNotFound):        {"Không xác định được phần nội dung đã ký.", viAskFile},

	ReasonDigest:            {"Chữ ký không khớp với nội dung: nội dung hoặc chữ ký đã bị sửa.", viAskFile},
	ReasonMalformed:         {"Chữ ký không đúng cấu trúc chuẩn.", viAskSigner},
	ReasonCoverage:          {"Chữ ký không bao trùm đúng phần tệp phải bao trùm.", viAskFile},
	ReasonUnsupported:       {"Thuật toán hoặc định dạng chữ ký chưa được hỗ trợ; chương trình không đoán.", "Kiểm tra bằng công cụ của cơ quan cấp chứng thư."},
	ReasonUntrusted:         {"Chứng thư tự tạo, giả mạo hoặc bị dùng sai, không dẫn tới gốc tin cậy.", "Không chấp nhận chữ ký này; xác minh với người ký."},
	ReasonIssuerUnknown:     {"Thiếu chứng thư của cơ quan cấp nên chưa xác định được độ tin cậy.", viChain},
	ReasonExpired:           {"Thời điểm ký ghi trong tệp nằm ngoài thời hạn của chứng thư.", viAskSigner},
	ReasonRevoked:           {"Chứng thư đã bị thu hồi trước hoặc đúng lúc ký.", viAskSigner},
	ReasonTimeUnproven:      {"Chứng thư về sau hết hạn hoặc bị thu hồi, và chưa chứng minh được là đã ký trước đó.", viProof},
	ReasonRevocationUnknown: {"Cảnh báo: chưa kiểm tra được chứng thư có bị thu hồi hay không.", viRevFile},
	ReasonAlgorithm:         {"Thuật toán hoặc độ dài khóa không được phép ở thời điểm của nó.", viNewAlgo},
	ReasonUnsortedAttrs:     {"Thuộc tính ký không xếp theo thứ tự DER; chữ ký được kiểm tra đúng như đã mã hóa.", "Không cần làm gì; có thể báo nhà cung cấp phần mềm ký."},
	ReasonTimestampInvalid:  {"Có dấu thời gian không chứng minh được điều gì.", "Kiểm tra cơ quan cấp dấu thời gian; thêm gốc của họ vào danh sách tin cậy nếu được công nhận."},
	ReasonKeyUsage:          {"Chứng thư không được cấp để ký văn bản.", "Đề nghị ký bằng chứng thư ký số."},
	ReasonAltered:           {"Tệp bị thay đổi trái phép sau khi ký.", viOpenFile},
	ReasonChangeUnclear:     {"Sau khi ký có thay đổi chưa phân loại được.", viOpenFile},
	ReasonTimeOrder:         {"Thời điểm ký ghi trong tệp muộn hơn thời điểm đã được chứng minh, hoặc ở tương lai.", "Kiểm tra đồng hồ của máy ký và hỏi lại người ký."},
}

var english = map[string]sentence{
	string(TotalPassed):   {"The signature is valid.", ""},
	string(Indeterminate): {"There is not enough evidence to decide about the signature.", "See the reasons and provide the evidence that is missing."},
	string(TotalFailed):   {"The signature is not valid.", enAskSigner},

	string(ResultIntact):     {"Every signature is sound and nothing forbidden was changed.", ""},
	string(ResultBroken):     {"A signature is damaged or does not match the content.", enAskFile},
	string(ResultUnsigned):   {"The file has no digital signature.", "Ask for the original to be signed; the picture of a stamp or signature is none."},
	string(ResultEncrypted):  {"The file is encrypted and cannot be checked.", "Send a copy without a password."},
	string(ResultUnreadable): {"The file is damaged or exceeds the limits and cannot be read.", enAskFile},
	string(ResultUnknown):    {"The signature or format is not supported; the program does not guess.", "Check it with the tool of the certificate's issuer."},

	string(FormatFailure):             {"The signature breaks its format, or the file was changed after signing in a way that is forbidden.", enAskFile},
	string(HashFailure):               {"The content was changed after signing: its digest does not match.", enAskFile},
	string(SigCryptoFailure):          {"The signature value does not match the signer's key.", enAskFile},
	string(Revoked):                   {"The certificate was revoked before the signature was made.", enAskSigner},
	string(Expired):                   {"The stated signing time lies after the certificate's end.", enAskSigner},
	string(NotYetValid):               {"The stated signing time lies before the certificate's beginning.", enAskSigner},
	string(SigConstraintsFailure):     {"The signature does not meet a demand of the validation policy.", "See the reasons."},
	string(ChainConstraintsFailure):   {"The certificate path breaks a limit that an issuer set.", "Tell the certificate's issuer."},
	string(CertificateChainGeneral):   {"The certificate path cannot be verified.", enChain},
	string(CryptoConstraintsFailure):  {"The algorithm or key size is not allowed at the time of signing.", enNewAlgo},
	string(CryptoConstraintsNoPOE):    {"The algorithm is no longer allowed, and nothing proves that the signature is from when it was.", enNewAlgo},
	string(PolicyProcessingError):     {"The validation policy cannot be applied.", "Check the policy file."},
	string(TimestampOrderFailure):     {"The times contradict each other: the stated signing time is later than the proven one.", "Check the clock of the signing computer and ask the signer."},
	string(NoSigningCertificateFound): {"The certificate that the signature names is not to be found.", enAskFile},
	string(NoCertificateChainFound):   {"No path leads from the signer's certificate to a trusted root.", enChain},
	string(RevokedNoPOE):              {"The certificate was revoked, and nothing proves that the signature was made before.", enProof},
	string(RevokedCANoPOE):            {"An issuer's certificate was revoked, and nothing proves that the signature was made before.", enProof},
	string(OutOfBoundsNoPOE):          {"The certificate has expired since, and nothing proves that the signature was made before.", enProof},
	string(OutOfBoundsNotRevoked):     {"The certificate has expired without being revoked, and nothing proves when the signature was made.", enProof},
	string(NoPOE):                     {"Nothing proves when the signature existed.", enProof},
	string(TryLater):                  {"No usable revocation answer for the certificate is at hand.", enRevFile},
	string(SignedDataNotFound):        {"The signed part of the file cannot be determined.", enAskFile},

	ReasonDigest:            {"The signature does not match the content: one of them was changed.", enAskFile},
	ReasonMalformed:         {"The signature does not have the structure its standard demands.", enAskSigner},
	ReasonCoverage:          {"The signature does not cover the part of the file it must cover.", enAskFile},
	ReasonUnsupported:       {"The signature's algorithm or format is not supported; the program does not guess.", "Check it with the tool of the certificate's issuer."},
	ReasonUntrusted:         {"The certificate is self-made, forged or misused; it does not lead to a trusted root.", "Do not accept this signature; ask the signer."},
	ReasonIssuerUnknown:     {"The issuer's certificate is missing, so that trust cannot be decided.", enChain},
	ReasonExpired:           {"The stated signing time lies outside the certificate's validity.", enAskSigner},
	ReasonRevoked:           {"The certificate was revoked at or before signing.", enAskSigner},
	ReasonTimeUnproven:      {"The certificate expired or was revoked later, and nothing proves that the signature was made before.", enProof},
	ReasonRevocationUnknown: {"Warning: whether the certificate was revoked could not be checked.", enRevFile},
	ReasonAlgorithm:         {"The algorithm or key size is not allowed at its date.", enNewAlgo},
	ReasonUnsortedAttrs:     {"The signed attributes are not in DER order; the signature was checked as encoded.", "Nothing is to be done; the maker of the signing program may be told."},
	ReasonTimestampInvalid:  {"A time stamp proves nothing.", "Check who issued the time stamp; add their root to the trust list if they are recognised."},
	ReasonKeyUsage:          {"The certificate was not issued for signing documents.", "Ask for a signature with a signing certificate."},
	ReasonAltered:           {"The file was changed after signing in a way that is forbidden.", enOpenFile},
	ReasonChangeUnclear:     {"A change after signing could not be classified.", enOpenFile},
	ReasonTimeOrder:         {"The stated signing time is later than the proven one, or in the future.", "Check the clock of the signing computer and ask the signer."},
}

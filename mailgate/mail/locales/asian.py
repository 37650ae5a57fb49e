"""Chinese, Japanese, Korean, Vietnamese; labels of Indonesian and Thai."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

ZH = Locale(
    "zh",
    wrote=("写道", "寫道", "撰写", "写", "寫", "编写", "的邮件", "写了", "来信写道"),
    opens=("於", "于", "在"),
    prose=("我", "我们", "他", "她", "他们", "你", "您", "有人", "我們"),
    original=(
        "原始邮件", "原始郵件", "原郵件", "原邮件", "原始信息", "原始訊息", "原始消息", "原件", "回复的原邮件",
        "邮件原件", "原信件", "原文",
    ),  # 原始邮件: QQ; 回复的原邮件: NetEase
    forwarded=(
        "转发的邮件", "转发邮件信息", "已转发的邮件", "轉寄郵件", "轉寄的郵件", "轉寄訊息", "開始轉寄郵件",
        "转发的邮件开始",
        "轉寄的訊息", "转发邮件", "转发的消息", "開始轉寄的郵件", "以下是转发的邮件", "被转发的邮件",
        "下面是被转发邮件的信息", "轉發的郵件",
        "轉寄信件", "以下是轉寄的訊息", "被转发邮件信息",
    ),
    above=("请在此行上方回复", "請在此行上方回覆", "请在该行上方回复"),
    sender=("发件人", "发送人", "寄件者", "寄件人", "發件人", "发信人", "發信人", "寄信人", "来自", "從"),
    sent=(
        "发送时间", "发送日期", "寄件日期", "傳送日期", "已傳送", "发送", "發送時間", "寄件時間", "傳送時間",
        "已发送", "發送日期",
    ),
    date=("日期", "時間", "时间"),
    to=("收件人", "收件者", "至", "收信人", "到"),
    subject=("主题", "主旨", "主題", "标题", "標題", "信件主旨"),
    cc=("抄送", "副本", "密送", "密件副本", "抄送人", "副本抄送", "密件抄送"),
    other=("附件", "重要性", "回复", "答复", "回覆"),
    devices=(
        "发自我的…", "发自…", "从我的…发送", "從我的…傳送", "從我的 … 傳送", "來自我的…", "发送自…", "来自我的…",
        "寄自我的…", "傳送自…",
        "由…发送", "通过…发送", "自我的…傳送", "發自我的…", "發自…", "通过 … 发送", "从我的 … 发送", "从 … 发送",
    ),
    adverts=(
        "获取 outlook for …", "下载适用于 … 的 outlook", "取得 … 版 outlook", "下載適用於 … 的 outlook",
        "获取适用于 … 的 outlook", "取得適用於 … 的 outlook",
    ),
    closings=(
        "此致", "此致敬礼", "祝好", "顺祝商祺", "敬祝商祺", "致礼", "此致 敬礼", "祝商祺", "顺颂商祺", "祝工作顺利",
        "祝您工作愉快", "順頌商祺", "敬上", "谨上", "商祺", "順祝商祺", "祝 好", "此致敬禮", "敬祝順心",
    ),
    thanks=("谢谢", "謝謝", "多谢", "感谢", "以上"),
)  # fmt: skip

JA = Locale(
    "ja",
    wrote=(
        "のメール", "書きました", "さんは書きました", "さんが書きました", "のメッセージ", "さんからのメール",
        "さんは以下のように書きました",
        "のメールより", "さんの引用", "wrote",
    ),
    opens=("日付",),
    original=(
        "元のメッセージ", "元のメール", "元メッセージ", "オリジナルメッセージ", "元の予定", "以前のメッセージ",
        "original message", "元メール", "受信メール",
    ),
    forwarded=(
        "転送されたメッセージ", "転送メッセージ", "転送されたメール", "転送メール", "転送メッセージ開始",
        "転送元メッセージ", "以下、転送メール",
    ),
    above=("この行より上に返信", "この線より上に返信"),
    sender=("差出人", "送信者", "送信元", "発信者", "差出し人"),
    sent=("送信日時", "送信日", "送信", "送信時刻", "送信済み"),
    date=("日付", "日時", "受信日時"),
    to=("宛先", "受信者", "送信先", "宛て先"),
    subject=("件名", "題名", "タイトル"),
    cc=("cc", "写し"),
    other=("添付ファイル", "返信先", "重要度", "添付"),
    devices=(
        "…から送信", "…から送信されました", "… から送信", "…より送信", "…で送信", "…から送信しました", "…からの送信",
    ),
    adverts=("… 用 outlook を入手", "outlook for … を入手", "outlook for … を取得", "outlook を … で入手"),
    closings=(
        "敬具", "以上、よろしくお願いいたします", "よろしくお願いいたします", "よろしくお願いします",
        "よろしくお願い致します",
        "以上よろしくお願いいたします", "どうぞよろしくお願いいたします", "何卒よろしくお願いいたします", "草々",
        "宜しくお願い致します", "宜しくお願いいたします", "以上、よろしくお願い致します",
        "何卒よろしくお願い申し上げます",
        "よろしくお願い申し上げます", "ご確認よろしくお願いいたします", "以上、よろしくお願いします",
    ),
    thanks=("以上", "以上です"),
)  # fmt: skip

KO = Locale(
    "ko",
    wrote=(
        "작성", "님이 작성", "썼습니다", "씀", "님이 씀", "쓴 글", "님이 쓴 글", "님의 말", "님이 작성했습니다",
        "님께서 작성", "작성했습니다", "님이 보낸 메시지",
    ),
    opens=("보낸 날짜",),
    original=("원본 메시지", "원본 이메일", "원본 메일", "원본메시지", "원본메일", "원문", "원래 메시지"),
    forwarded=(
        "전달된 메시지", "전달된 메일", "전달된 이메일", "전달 메시지", "전달된 메시지 시작", "포워드된 메시지",
        "이메일 전달", "아래는 전달된 메시지입니다",
    ),
    above=("이 줄 위에 답장을 입력하세요", "이 줄 위에 답장해 주세요"),
    sender=("보낸 사람", "보낸사람", "발신", "발신인", "보낸이", "발신자", "보낸 이"),
    sent=("보낸 날짜", "보낸날짜", "보낸 시간", "보낸시간", "보냄", "전송", "발송일", "보낸 일시"),
    date=("날짜", "일시", "일자"),
    to=("받는 사람", "받는사람", "수신", "수신인", "받는이", "수신자", "받는 이"),
    subject=("제목",),
    cc=("참조", "숨은 참조", "숨은참조", "함께 받는 사람"),
    other=("첨부", "첨부파일", "회신", "중요도", "첨부 파일"),
    devices=(
        "나의 …에서 보냄", "내 …에서 보냄", "나의 … 보냄", "…에서 보냄", "…에서 전송", "…에서 발송",
        "…에서 보냈습니다", "…에서 전송됨", "…로 보냄",
    ),
    adverts=(
        "… 용 outlook 다운로드", "…용 outlook 다운로드", "…용 outlook 받기", "… 용 outlook 받기",
        "outlook for … 가져오기",
    ),
    closings=(
        "드림", "올림", "수고하세요", "안녕히 계세요", "수고하십시오", "감사합니다. 수고하세요", "이상입니다",
        "좋은 하루 되세요",
    ),
    thanks=("감사합니다", "고맙습니다", "감사드립니다"),
)  # fmt: skip

VI = Locale(
    "vi",
    wrote=("đã viết",),
    opens=("vào", "vào lúc", "lúc", "ngày", "vào ngày"),
    days=("thứ",),
    prose=("tôi", "chúng tôi", "anh", "chị", "họ", "ông", "bà", "rằng", "ai đó"),
    original=("tin nhắn gốc", "thư gốc", "thông điệp gốc", "tin gốc", "email gốc", "thư ban đầu", "tin nhắn ban đầu"),
    forwarded=(
        "tin nhắn đã chuyển tiếp", "tin nhắn chuyển tiếp", "thư được chuyển tiếp", "thư đã chuyển tiếp",
        "bắt đầu thư được chuyển tiếp",
        "thư chuyển tiếp", "email chuyển tiếp", "bắt đầu chuyển tiếp thư", "forwarded message",
    ),
    sender=("từ", "người gửi"),
    sent=("đã gửi", "ngày gửi", "gửi", "thời gian gửi", "gửi lúc", "đã gửi lúc"),
    date=("ngày", "thời gian"),
    to=("đến", "tới", "người nhận", "cho", "gửi đến", "gửi tới"),
    subject=("chủ đề", "tiêu đề"),
    cc=("đồng gửi", "bản sao"),
    other=("trả lời", "tệp đính kèm", "đính kèm", "phần đính kèm"),
    devices=(
        "được gửi từ …", "đã gửi từ …", "gửi từ …", "đã gửi bằng …", "gửi bằng …", "gửi qua …", "được gửi bằng …",
    ),
    adverts=("tải outlook cho …", "tải xuống outlook cho …", "nhận outlook cho …", "không có virus. …"),
    closings=(
        "trân trọng", "thân ái", "trân trọng cảm ơn", "thân mến", "kính thư", "xin chân thành cảm ơn",
        "cảm ơn và trân trọng", "thân",
    ),
    thanks=("xin cảm ơn", "cảm ơn"),
)  # fmt: skip

# Indonesian, Thai, Persian, Estonian, Latvian, Lithuanian: what their Gmail and Outlook write.
FAR = Locale(
    "",
    wrote=("menulis", "เขียนว่า", "نوشت", "kirjutas", "rakstīja", "rašė", "parašė"),
    opens=("pada tanggal", "pada", "เมื่อ", "kuupäev", "در", "lietotājs"),
    original=("pesan asli", "ข้อความต้นฉบับ", "پیام اصلی", "algne sõnum", "sākotnējais ziņojums", "pradinis laiškas"),
    forwarded=(
        "pesan terusan", "pesan yang diteruskan", "ข้อความที่ส่งต่อ", "پیام هدایت شده", "edastatud kiri",
        "pārsūtīts ziņojums", "persiųstas laiškas",
    ),
    sender=("dari", "จาก", "از", "saatja", "no", "nuo"),
    sent=("dikirim", "terkirim", "ส่ง", "ส่งเมื่อ", "ارسال", "saadetud", "nosūtīts", "išsiųsta"),
    date=("tanggal", "วันที่", "kuupäev", "datums"),
    to=("kepada", "ถึง", "به", "kellele", "kam", "kam"),
    subject=("subjek", "perihal", "เรื่อง", "teema", "tēma", "tema"),
    devices=("dikirim dari …", "ส่งจาก …", "ส่งจาก…", "saadetud …", "ارسال شده از …"),
    closings=("salam", "hormat saya", "ขอแสดงความนับถือ", "با احترام", "lugupidamisega", "ar cieņu", "pagarbiai"),
)  # fmt: skip

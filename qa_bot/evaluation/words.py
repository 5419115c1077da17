"""What the report says, in Vietnamese and in English, and how it writes numbers. A {name} is filled in by `say`."""

from __future__ import annotations

from embeddings import messages
from embeddings.messages import Catalogue, Language
from qa_bot.messages import CATALOGUE

WORDS: Catalogue = {
    "eval.asking": {"vi": "Đang hỏi", "en": "Asking"},
    "report.title": {"vi": "Bot trả lời tốt đến đâu", "en": "How well the bot answers"},
    "report.subtitle": {
        "vi": "{questions} câu hỏi trong {gold} · {articles} bài, {passages} đoạn · {model} · {made}",
        "en": "{questions} questions of {gold} · {articles} articles, {passages} passages · {model} · {made}",
    },
    "card.answer": {"vi": "Trả lời đúng", "en": "Right answers"},
    "card.answer_of": {"vi": "{right}/{n} câu có đáp án", "en": "{right} of {n} answerable questions"},
    "card.recall": {"vi": "Đoạn đúng đứng đầu", "en": "Right passage first"},
    "card.recall_of": {"vi": "recall@1 · MRR {mrr} · nDCG {ndcg}", "en": "recall@1 · MRR {mrr} · nDCG {ndcg}"},
    "card.refusal": {"vi": "Từ chối đúng", "en": "Rightly refused"},
    "card.refusal_of": {"vi": "{right}/{n} câu không có đáp án", "en": "{right} of {n} unanswerable questions"},
    "card.refused": {"vi": "Từ chối nhầm", "en": "Wrongly refused"},
    "card.refused_of": {"vi": "{wrong}/{n} câu có đáp án", "en": "{wrong} of {n} answerable questions"},
    "card.auroc": {"vi": "AUROC của độ tin cậy", "en": "AUROC of the confidence"},
    "card.auroc_of": {
        "vi": "0,5 là đoán mò, 1 là phân biệt hoàn toàn",
        "en": "0.5 is a guess, 1 tells all apart",
    },
    "card.calibration": {"vi": "Sai lệch độ tin cậy", "en": "Calibration error"},
    "card.calibration_of": {"vi": "ECE, điểm phần trăm · Brier {brier}", "en": "ECE, points · Brier {brier}"},
    "card.latency": {"vi": "Thời gian trả lời", "en": "Time to answer"},
    "card.latency_of": {"vi": "trung vị · p95 {p95} · p99 {p99} ms", "en": "median · p95 {p95} · p99 {p99} ms"},
    "kinds.title": {"vi": "Câu trả lời theo loại câu hỏi", "en": "Answers by kind of question"},
    "kinds.note": {
        "vi": "Phần câu hỏi mà bài đúng được dẫn, bằng chứng được trích, đáp án có trong câu trả lời, và bị từ chối.",
        "en": "The share of questions whose right article is cited, whose evidence is quoted, whose answer stands "
        "there, and which were refused.",
    },
    "kinds.kind": {"vi": "Loại", "en": "Kind"},
    "kinds.n": {"vi": "Số câu", "en": "n"},
    "kinds.article": {"vi": "Đúng bài", "en": "Article"},
    "kinds.evidence": {"vi": "Trích đúng", "en": "Evidence"},
    "kinds.answer": {"vi": "Đúng đáp án", "en": "Answer"},
    "kinds.refused": {"vi": "Từ chối", "en": "Refused"},
    "kinds.characters": {"vi": "Ký tự", "en": "Characters"},
    "kind.answerable": {"vi": "tất cả câu có đáp án", "en": "all answerable"},
    "kind.unanswerable": {"vi": "không có đáp án", "en": "unanswerable"},
    "kind.disliked": {"vi": "bị chê mà vẫn trả lời vậy", "en": "disliked, still given"},
    "kind.question": {"vi": "câu hỏi", "en": "question"},
    "recall.title": {"vi": "Tìm đoạn", "en": "Retrieval"},
    "recall.note": {
        "vi": "Phần bằng chứng cần tìm có trong k đoạn đầu. Trục đứng bắt đầu từ {low}.",
        "en": "The share of what must be found that the first k passages hold. The vertical axis starts at {low}.",
    },
    "recall.x": {"vi": "số đoạn đầu (k)", "en": "first k passages"},
    "recall.y": {"vi": "recall@k", "en": "recall@k"},
    "recall.alt": {
        "vi": "Đường recall: {first} với một đoạn, {fifth} với năm, {tenth} với mười.",
        "en": "Recall curve: {first} with one passage, {fifth} with five, {tenth} with ten.",
    },
    "refusal.title": {"vi": "Từ chối theo ngưỡng", "en": "Refusals by threshold"},
    "refusal.note": {
        "vi": "Nếu từ chối mọi câu có độ tin cậy dưới ngưỡng. Đường dọc: ngưỡng đang dùng; hai chấm: đo được.",
        "en": "If everything below the threshold were refused. The line is the threshold in use, the dots as measured.",
    },
    "refusal.x": {"vi": "ngưỡng độ tin cậy", "en": "threshold of confidence"},
    "refusal.y": {"vi": "tỷ lệ", "en": "share"},
    "refusal.precision": {"vi": "precision: từ chối mà đúng", "en": "precision: refusals that were right"},
    "refusal.recall": {"vi": "recall: câu không có đáp án bị từ chối", "en": "recall: unanswerable ones refused"},
    "refusal.alt": {
        "vi": "Từ chối theo ngưỡng. Ở ngưỡng {threshold}: precision {precision}, recall {recall}.",
        "en": "Refusing against the threshold. At {threshold}: precision {precision}, recall {recall}.",
    },
    "confidence.title": {"vi": "Độ tin cậy: có và không có đáp án", "en": "Confidence, answerable or not"},
    "confidence.note": {
        "vi": "Càng tách xa nhau càng tốt. Cột đứng: phần trong mỗi nhóm.",
        "en": "The further apart, the better. Heights are shares of each group.",
    },
    "confidence.x": {"vi": "độ tin cậy", "en": "confidence"},
    "confidence.y": {"vi": "phần của nhóm", "en": "share of the group"},
    "confidence.answerable": {"vi": "có đáp án ({n}), phía trên", "en": "answerable ({n}), above"},
    "confidence.unanswerable": {"vi": "không có đáp án ({n}), phía dưới", "en": "unanswerable ({n}), below"},
    "confidence.alt": {
        "vi": "Hai biểu đồ cột của độ tin cậy. Trung vị: {answerable} khi có đáp án, {unanswerable} khi không.",
        "en": "Two histograms of the confidence. Medians: {answerable} where answerable, {unanswerable} where not.",
    },
    "reliability.title": {"vi": "Độ tin cậy có đáng tin không", "en": "Is the confidence true?"},
    "reliability.note": {
        "vi": "Chấm càng gần đường chéo càng tốt: nói 80% thì đúng 80%. Số dưới là số câu, vạch dọc là khoảng 95%.",
        "en": "On the diagonal, what is said with 80% is right in 80%. Below stand the numbers of questions; lines are "
        "95% intervals.",
    },
    "reliability.x": {"vi": "độ tin cậy", "en": "confidence"},
    "reliability.y": {"vi": "phần đúng", "en": "share right"},
    "reliability.alt": {
        "vi": "Độ tin cậy và phần đúng, mỗi khoảng một chấm: {points}. Sai lệch trung bình {error}.",
        "en": "Confidence against the share right, a dot a bin: {points}. Mean error {error}.",
    },
    "reliability.point": {"vi": "{confidence} đúng {right} ({n} câu)", "en": "{confidence} right {right} (n {n})"},
    "latency.title": {"vi": "Thời gian theo bước", "en": "Time by stage"},
    "latency.note": {
        "vi": "Mỗi hàng một bước, trục thời gian logarit; vạch: trung vị. Bên phải: p50 · p95 · p99.",
        "en": "A row a stage on a logarithmic axis; the line is the median. On the right: p50 · p95 · p99.",
    },
    "latency.x": {"vi": "mili giây (thang log)", "en": "milliseconds (log scale)"},
    "latency.y": {"vi": "bước", "en": "stage"},
    "latency.alt": {"vi": "Thời gian từng bước, mili giây: {stages}.", "en": "Milliseconds by stage: {stages}."},
    "stage.understand": {"vi": "hiểu câu hỏi", "en": "understand"},
    "stage.encode": {"vi": "mã hóa", "en": "encode"},
    "stage.retrieve": {"vi": "tìm đoạn", "en": "retrieve"},
    "stage.answer": {"vi": "chọn câu", "en": "answer"},
    "stage.total": {"vi": "tất cả", "en": "total"},
    "plot.none": {"vi": "Không có câu hỏi nào để vẽ.", "en": "There is no question to draw this from."},
    "failures.title": {"vi": "Từng lỗi một", "en": "Every failure"},
    "failures.none": {"vi": "Không có lỗi nào.", "en": "There is no failure."},
    "verdict.wrong_article": {"vi": "Sai bài", "en": "Wrong article"},
    "verdict.wrong_sentence": {"vi": "Đúng bài, sai câu", "en": "Right article, wrong sentence"},
    "verdict.refused": {"vi": "Từ chối dù có đáp án", "en": "Refused though answerable"},
    "verdict.answered": {"vi": "Trả lời dù không có đáp án", "en": "Answered though unanswerable"},
    "verdict.disliked": {"vi": "Bị chê mà vẫn trả lời vậy", "en": "Disliked, and given again"},
    "verdict.right": {"vi": "Trả lời đúng", "en": "Right answers"},
    "verdict.refused_rightly": {"vi": "Từ chối đúng", "en": "Rightly refused"},
    "verdict.given_up": {"vi": "Bị chê, nay không trả lời vậy nữa", "en": "Disliked, and not given any more"},
    "failure.before": {"vi": "Hỏi trước đó", "en": "Asked before"},
    "failure.understood": {"vi": "Hiểu là", "en": "Understood as"},
    "failure.expected": {"vi": "Cần có", "en": "Expected"},
    "failure.got": {"vi": "Nhận được", "en": "Got"},
    "failure.why": {"vi": "Vì sao", "en": "Why"},
    "failure.confidence": {"vi": "Độ tin cậy", "en": "Confidence"},
    "failure.threshold": {"vi": "ngưỡng {threshold}", "en": "threshold {threshold}"},
    "failure.rank": {"vi": "bằng chứng ở đoạn tìm được thứ {rank}", "en": "evidence in passage {rank} of those found"},
    "failure.unfound": {
        "vi": "bằng chứng không có trong 10 đoạn đầu",
        "en": "evidence not in the first 10 passages",
    },
    "expected.refusal": {
        "vi": "Từ chối: các bài không nói điều này.",
        "en": "A refusal: the articles do not say this.",
    },
    "expected.accept": {"vi": "Một trong", "en": "One of"},
    "expected.key_points": {"vi": "Tất cả các ý", "en": "All of"},
    "expected.evidence": {"vi": "Bằng chứng", "en": "Evidence"},
    "expected.article": {"vi": "Bài", "en": "Article"},
    "expected.not": {
        "vi": "Người đọc đã chê câu trả lời trích những câu này.",
        "en": "Readers voted this answer down.",
    },
    "expected.note": {"vi": "Ghi chú", "en": "Note"},
    "got.refusal": {"vi": "Từ chối.", "en": "A refusal."},
    "got.unclear": {
        "vi": "Hỏi lại: câu hỏi chưa rõ nói về gì.",
        "en": "Asked back: unclear what the question points at.",
    },
    "got.nearest": {"vi": "Gần nhất", "en": "Nearest"},
    "got.nothing": {"vi": "Không có đoạn nào gần.", "en": "No passage came near."},
    "got.elsewhere": {"vi": "dẫn bài khác", "en": "cites another article"},
    "why.step": {"vi": "Đã hiểu", "en": "Understood"},
    "why.reason": {"vi": "Lý do", "en": "Reason"},
    "why.value": {"vi": "Giá trị", "en": "Value"},
    "why.weight": {"vi": "Trọng số", "en": "Weight"},
    "why.effect": {"vi": "Tác động (− kéo xuống, + kéo lên)", "en": "Effect (− down, + up)"},
    "why.nothing": {"vi": "Bot không nêu lý do nào.", "en": "The bot gave no reason."},
    "rest.title": {"vi": "Những câu còn lại", "en": "The rest"},
}


def say(language: Language, name: str, /, **values: object) -> str:
    """The message `name`, with its {values} filled in. An unknown name is a bug, and raises KeyError."""
    return messages.say(WORDS, language, name, **values)


def known(language: Language, name: str, otherwise: str) -> str:
    """The message `name` of the report or of the bot; `otherwise` where neither has it, as for kinds of one's own."""
    for catalogue in (WORDS, CATALOGUE):
        if name in catalogue:
            return messages.say(catalogue, language, name)
    return otherwise


def number(language: Language, value: float | None, digits: int = 2) -> str:
    """With a decimal comma in Vietnamese; a dash for None."""
    if value is None:
        return "–"
    written = f"{value:.{digits}f}".replace("-", "−")
    return written.replace(".", ",") if language == "vi" else written


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}%"

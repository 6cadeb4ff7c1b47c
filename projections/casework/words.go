package casework

import (
	"caseledger/projections/row"
)

// words are the words of the closed lists, so that a row holds one byte instead of
// each. New ones go to the end; whatever is not here is written out.
var words = [...]string{
	"housing", "food", "clothing", "medical", "dental", "mental_health", "legal", "immigration", "education",
	"employment", "income", "transportation", "safety", "life_skills", "family_reunification", "interpretation",
	"general_support", "crisis", "high", "medium", "low", "met", "none", "some", "most", "achieved", "given_up",
	"in_person", "phone", "video", "message", "home_visit", "accompaniment", "advocacy", "missed", "translation",
	"criminal_justice", "confidentiality", "rights", "benefits", "family", "friend", "partner", "advocate", "other",
	"intake_form", "rights_statement", "release", "service_plan", "hhs_letter", "continued_presence", "t_visa",
	"law_enforcement", "immigration_paper", "court_paper", "guardianship_order", "identity_document",
	"medical_record", "benefit_notice", "closing_summary", "criminal_prosecution", "attorney_retained",
	"application_filed", "biometrics_taken", "evidence_requested", "bona_fide_determination", "work_permit",
	"other_relief", "family_petition_filed", "travel_document", "lpr_application_filed", "lpr_granted",
	"application_denied", "appeal_filed", "crime_reported", "victim_interviewed", "investigation_opened",
	"referred_to_prosecutor", "indicted", "arrested", "plea", "trial_began", "client_testified", "convicted",
	"acquitted", "dismissed", "sentenced", "impact_statement", "restitution_ordered", "not_prosecuted", "hearing",
	"trial", "sentencing", "deposition", "interview", "biometrics", "grand_jury", "held", "postponed", "cancelled",
	"self_sufficient", "employed", "housed", "in_school", "english_learned", "health_cared_for", "safe",
	"support_network", "family_reunified", "benefits_obtained", "status_obtained", "cooperated_with_investigation",
	"testified", "identity", "services", "health", "whole_case", "service", "en", "es", "th", "tl", "ko", "zh", "fr",
	"ru", "vi", "hi", "ht", "pt", "id",
}

var numbers = func() map[string]uint64 {
	n := make(map[string]uint64, len(words))
	for i, w := range words {
		n[w] = uint64(i) + 1
	}
	return n
}()

func word[S ~string](b []byte, w S) []byte {
	n := numbers[string(w)]
	if b = row.Uint(b, n); n == 0 {
		b = row.String(b, w)
	}
	return b
}

func readWord(r *row.Reader) string {
	n := r.Uint()
	if n > 0 && n <= uint64(len(words)) {
		return words[n-1]
	}
	return r.String()
}

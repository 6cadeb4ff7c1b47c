package app

import (
	"strconv"

	"caseledger/aggregates"
)

// SchemaDraft is the dialect of JSON Schema that schemas are written in.
const SchemaDraft = "https://json-schema.org/draft/2020-12/schema"

// A schema is as much of JSON Schema as commands need.
type schema struct {
	Schema      string             `json:"$schema,omitzero"`
	ID          string             `json:"$id,omitzero"`
	Title       string             `json:"title,omitzero"`
	Description string             `json:"description,omitzero"`
	Type        string             `json:"type,omitzero"`
	Const       string             `json:"const,omitzero"`
	Enum        []string           `json:"enum,omitempty"`
	Format      string             `json:"format,omitzero"`
	Pattern     string             `json:"pattern,omitzero"`
	Minimum     *int64             `json:"minimum,omitempty"`
	Maximum     *int64             `json:"maximum,omitempty"`
	MinLength   int                `json:"minLength,omitzero"`
	MaxLength   int                `json:"maxLength,omitzero"`
	WriteOnly   bool               `json:"writeOnly,omitzero"`
	Examples    []any              `json:"examples,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"`
}

// Schema returns the JSON Schema of one line that gives the command.
func (c *Command) Schema() any {
	fields := &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
	for _, f := range c.Fields {
		fields.Properties[f.Name] = fieldSchema(f)
		if f.Required {
			fields.Required = append(fields.Required, f.Name)
		}
	}
	required := []string{"command", "id", "actor"}
	if len(fields.Required) > 0 {
		required = append(required, "fields")
	}
	return &schema{
		Schema: SchemaDraft, ID: "urn:caseledger:command:" + c.Name, Title: c.Name,
		Description: c.Summary, Type: "object", Additional: false, Required: required,
		Properties: map[string]*schema{
			"command":        {Const: c.Name},
			"id":             {Type: "string", MinLength: 1, MaxLength: maxCommandID, Description: "the same id with the same body is the same command, for ever"},
			"occurred_on":    {Type: "string", Format: "date", Description: "the day on which it happened or takes effect; default today"},
			"recordedat":     {Type: "string", Format: "date-time", Description: "only for a ledger with a simulated clock"},
			"actor":          {Type: "string", MinLength: 1, MaxLength: maxName},
			"role":           {Type: "string", MaxLength: maxName},
			"agency":         {Type: "string", Pattern: idPattern, Description: "of the actor"},
			"correlation_id": {Type: "string", MaxLength: maxCommandID},
			"fields":         fields,
		},
	}
}

const idPattern = "^[A-Z0-9-]{1,32}$"

func fieldSchema(f aggregates.Field) *schema {
	s := valueSchema(f)
	s.Description = f.Doc
	s.WriteOnly = f.Secret != ""
	if f.Example != "" && s.Type == "string" {
		s.Examples = []any{f.Example}
	}
	return s
}

func valueSchema(f aggregates.Field) *schema {
	switch f.Type {
	case typeDate:
		return &schema{Type: "string", Format: "date"}
	case typeList:
		return &schema{Type: "array", Items: textSchema(f)}
	case typeMap:
		return &schema{Type: "object", Additional: &schema{Type: "string"}}
	}
	switch f.Type.Kind().String() {
	case "bool":
		return &schema{Type: "boolean"}
	case "string":
		return textSchema(f)
	}
	return &schema{Type: "integer", Minimum: bound(f.Min), Maximum: bound(f.Max)}
}

func textSchema(f aggregates.Field) *schema {
	s := &schema{Type: "string", Enum: f.Enum}
	if f.Required && f.Enum == nil {
		s.MinLength = 1
	}
	switch f.Format {
	case "id":
		s.Pattern = idPattern
	case "country", "state":
		s.Pattern = "^[A-Z]{2}$"
	case "sha256":
		s.Pattern = "^[0-9a-f]{64}$"
	case "date":
		s.Format = "date"
	}
	return s
}

// bound reads a bound of a field's tags; aggregates' own tests hold them to be numbers.
func bound(text string) *int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

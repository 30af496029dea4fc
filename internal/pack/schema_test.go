package pack_test

import (
	"strings"
	"testing"

	"duly/internal/pack"
)

// Protects: what a schema says of each sort of field.
func TestSchema(t *testing.T) {
	type item struct {
		ID   string `yaml:"id,required" about:"its name"`
		Kind string `yaml:"sort" enum:"a|b"`
		Many *int   `yaml:"many"`
	}
	type body struct {
		Items  []item              `yaml:"items,required"`
		Pairs  map[string][][2]int `yaml:"pairs"`
		Free   any                 `yaml:"free"`
		Truth  bool                `yaml:"truth"`
		Ratio  float64             `yaml:"ratio"`
		hidden int
	}
	got := string(pack.Schema("method", body{hidden: 1}))
	again := string(pack.Schema("method", body{}))
	if got != again {
		t.Error("the same types give other bytes")
	}
	for _, want := range []string{
		`"kind": {
      "const": "method",
      "description": "what the pack is for"
    }`,
		`"id": {
            "description": "its name",
            "type": "string"
          }`,
		`"sort": {
            "enum": [
              "a",
              "b"
            ],
            "type": "string"
          }`,
		`"anyOf": [
              {
                "type": "integer"
              },
              {
                "type": "null"
              }
            ]`,
		`"maxItems": 2`, `"free": {}`, `"type": "boolean"`, `"type": "number"`,
		`"required": [
    "id",
    "items",
    "kind",
    "status",
    "title",
    "version"
  ]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

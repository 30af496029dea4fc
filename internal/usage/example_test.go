package usage_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"duly/internal/conditions"
	"duly/internal/pack"
	"duly/internal/usage"
)

func ExampleMonitor_Read() {
	data, _ := os.ReadFile("../../packs/conditions/face-search.yaml")
	p, _ := pack.Parse("face-search.yaml", data)
	set, _ := conditions.Load(p)
	m, _ := usage.NewMonitor([]*conditions.Set{set}, []usage.Deployment{{
		ID: "booking photo search", Accounts: []string{"111122223333"},
		Subject: conditions.Subject{Sector: "policing", Purpose: "patrol_support"},
	}})
	// Constructed from the API model: a search without a threshold.
	event := `{"eventID":"e1","eventTime":"2024-03-05T10:00:00Z","eventSource":"rekognition.amazonaws.com",
		"eventName":"SearchFacesByImage","recipientAccountId":"111122223333","requestParameters":{"collectionId":"c","maxFaces":5}}`
	b, _ := m.Read(context.Background(), "example", "one.json", strings.NewReader(event))
	for _, f := range b.Findings {
		fmt.Println(f.Grade, f.Kind, f.Condition, f.Day, f.Calls, f.Evidence)
	}
	// Output:
	// high deviation FS-99 2024-03-05 1 [{event.name SearchFacesByImage} {param.threshold 80 (left out: the service's default)}]
	// low deviation FS-TOP-N 2024-03-05 1 [{event.name SearchFacesByImage} {param.max_candidates 5} {param.threshold 80 (left out: the service's default)}]
}

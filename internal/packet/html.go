package packet

import (
	_ "embed" // the page
	"html/template"
	"io"

	"duly/internal/ledger"
	"duly/internal/page"
)

//go:embed packet.html
var pageText string

var whole = page.Template(template.FuncMap{
	"title": func(p *Packet) string { return p.title() }, "letter": Letter, "at": func(i int) int { return i + 1 },
	"meaning": func(c ledger.Class) string { return meanings[c] },
}, pageText)

// HTML writes the packet as one page for screen and print that needs nothing else: no
// script, no font, no network.
func HTML(p *Packet, out io.Writer) error { return page.Write(whole, p, out) }

// title names the deployment, or how many there are.
func (p *Packet) title() string {
	if len(p.Items) == 1 {
		return "To decide: " + p.Items[0].Title.Text
	}
	return plain("To decide: %d deployments", len(p.Items)).Text
}

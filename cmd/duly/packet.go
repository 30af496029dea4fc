package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"duly/internal/act"
	"duly/internal/decision"
	"duly/internal/fault"
	"duly/internal/packet"
	"duly/internal/store"
	"duly/internal/workspace"
)

type packetCmd struct {
	Subjects []string `arg:"" name:"deployment" help:"Deployments, or accounts that have no more than one. Several are those of a meeting, in the order of the queue."`
	As       string   `help:"Who prepares it." required:"" placeholder:"PERSON"`
	Out      string   `help:"The file to write: .html for screen and print, or .xlsx." required:"" placeholder:"FILE"`
	Question string   `help:"What is asked." placeholder:"TEXT"`
}

// Run writes the packet. Twice from the same log for the same question and person gives
// the same bytes.
func (c *packetCmd) Run(a *app) error {
	w, err := a.open()
	if err != nil {
		return err
	}
	defer w.Close()
	actor, err := w.Actor(a.ctx, c.As)
	if err != nil {
		return err
	}
	var ids []string
	for _, text := range c.Subjects {
		id, err := subject(a, w.DB, text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	made, err := a.packet(w, actor, ids, c.Question, c.Out)
	if err != nil {
		return err
	}
	return a.print(made, func(out io.Writer) {
		for i, item := range made.Items {
			fmt.Fprintf(out, "%d. %s: from %s to %s\n", i+1, item.Name, item.Best, item.Worst)
		}
		fmt.Fprintf(out, "packet of %d entries, %d cells marked: %s\n", made.Entries, made.Marked, made.Out)
		fmt.Fprintf(out, "SHA-256 %s\n", made.SHA256)
	})
}

// packetMade says which packet stands in a file.
type packetMade struct {
	Out     string     `json:"out"`
	SHA256  string     `json:"sha256"`
	Entries int64      `json:"entries"`
	Marked  int        `json:"marked"`
	Items   []itemMade `json:"items"`
}

type itemMade struct {
	Subject string `json:"subject"`
	Rating  string `json:"rating"` // leaf hash
	Name    string `json:"name"`
	Best    string `json:"best"`
	Worst   string `json:"worst"`
}

// packet writes a packet of what the log holds, which is signed first, into a file.
func (a *app) packet(w *workspace.Workspace, by act.Actor, ids []string, question, path string) (*packetMade, error) {
	write, err := packetForm(path)
	if err != nil {
		return nil, err
	}
	if err := act.Default.May(by, act.Brief); err != nil {
		return nil, err
	}
	known, err := released()
	if err != nil {
		return nil, err
	}
	point, err := w.Sign(a.ctx)
	if err != nil {
		return nil, err
	}
	var p *packet.Packet
	err = w.DB.Snapshot(a.ctx, func(q store.Queryer) error {
		asked := packet.Asked{Question: strings.TrimSpace(question), By: by.Key}
		for _, id := range ids {
			rated, err := decision.Rated(a.ctx, q, id)
			if err != nil {
				return err
			}
			asked.Subjects = append(asked.Subjects, rated.Subject)
		}
		p, err = packet.Build(a.ctx, q, known, point, asked)
		return err
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if err := writeWhole(path, func(out io.Writer) error { return write(p, io.MultiWriter(out, sum)) }); err != nil {
		return nil, err
	}
	made := &packetMade{Out: path, SHA256: hex.EncodeToString(sum.Sum(nil)), Entries: p.Size, Items: []itemMade{}}
	for _, m := range p.Marks {
		made.Marked += m.Cells
	}
	for _, item := range p.Items {
		made.Items = append(made.Items, itemMade{item.Subject, item.Rating, item.Title.Text, item.Best, item.Worst})
	}
	return made, nil
}

// packetForm gives the form that a file's name asks for.
func packetForm(path string) (func(*packet.Packet, io.Writer) error, error) {
	forms := map[string]func(*packet.Packet, io.Writer) error{".html": packet.HTML, ".xlsx": packet.XLSX}
	form := forms[strings.ToLower(filepath.Ext(path))]
	if form == nil {
		return nil, fault.Newf(fault.Invalid, "a packet is not written as %q", filepath.Base(path)).WithFix("name a file that ends in .html or .xlsx")
	}
	return form, nil
}

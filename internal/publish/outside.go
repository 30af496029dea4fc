package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"duly/internal/fault"
	"duly/internal/ledger"
	"duly/internal/whole"
)

// ToDirectory puts a signed checkpoint into a directory, under the number of entries that
// it covers. One that is there is replaced only by the same checkpoint with more
// signatures. It gives the file.
//
// Errors: Broken when another checkpoint over as many entries is there: there are two logs.
func ToDirectory(dir string, signed []byte, c ledger.Checkpoint) (string, error) {
	path := filepath.Join(dir, fmt.Sprintf("checkpoint-%012d", c.Size))
	if there, err := os.ReadFile(path); err == nil && !strings.HasPrefix(string(there), c.Text()+"\n") {
		return "", fault.Newf(fault.Broken, "another checkpoint over %d entries was published before", c.Size).
			WithFix("run `duly verify --checkpoint` with it").At(path, 0, "")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot make the directory")
	}
	return path, whole.Bytes(path, signed, 0o644)
}

// ToGit puts a signed checkpoint into a git repository and commits it there. Pushing it to
// where others pull from is left to whoever has that right.
func ToGit(ctx context.Context, dir string, signed []byte, c ledger.Checkpoint) (string, error) {
	path, err := ToDirectory(dir, signed, c)
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"add", "--", filepath.Base(path)},
		{"commit", "--quiet", "--message", fmt.Sprintf("%s: %d entries", c.Origin, c.Size), "--", filepath.Base(path)},
	} {
		if args[0] == "commit" && exec.CommandContext(ctx, "git", "-C", dir, "diff", "--cached", "--quiet", "--", filepath.Base(path)).Run() == nil {
			return path, nil // it was committed before
		}
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			return "", fault.New(fault.Failed, "there is no program git here", "install it, or publish into a directory")
		}
		if err != nil {
			return "", fault.Newf(fault.Failed, "git cannot %s the checkpoint: %s", args[0], strings.TrimSpace(string(out))).
				WithFix("name a repository in which you may commit")
		}
	}
	return path, nil
}

// Mail gives a signed checkpoint as the text of a mail to those who shall keep it.
func Mail(signed []byte, c ledger.Checkpoint, key string) string {
	return fmt.Sprintf(`Subject: Checkpoint of the log %s over %d entries

Please keep this message. It fixes the first %d entries of the log %s:
if any of them is changed or removed later, this checkpoint no longer fits.

To check it, save the lines between the marks as a file, and run

  duly-verify --key %q --checkpoint FILE BUNDLE

with the key as you got it before, and any later bundle of the log.

----- begin checkpoint -----
%s----- end checkpoint -----
`, c.Origin, c.Size, c.Size, c.Origin, key, signed)
}

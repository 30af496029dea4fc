package intake_test

import (
	"os"
	"testing"

	"duly/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

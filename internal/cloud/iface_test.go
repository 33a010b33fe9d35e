package cloud_test

import (
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/provision"
)

var _ commands.Cloud = cloud.Cached{}
var _ provision.Cloud = (*cloud.Client)(nil)

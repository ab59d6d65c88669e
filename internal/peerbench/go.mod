module github.com/ycvk/tinybook/internal/peerbench

go 1.26.0

require (
	github.com/samber/lo v1.53.0
	github.com/ycvk/tinybook v0.0.0
)

require golang.org/x/text v0.22.0 // indirect

replace github.com/ycvk/tinybook => ../../

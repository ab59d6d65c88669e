module github.com/ycvk/tinybook/internal/peerbench

go 1.26.0

require github.com/ycvk/tinybook v0.0.0

replace github.com/ycvk/tinybook => ../../

package web

import "github.com/gin-gonic/gin"

// Get adds a route for GET, and the same for HEAD: the server sends the headers
// and drops the body. It is for what a HEAD can't change.
func Get(r gin.IRoutes, path string, handlers ...gin.HandlerFunc) {
	r.GET(path, handlers...)
	r.HEAD(path, handlers...)
}

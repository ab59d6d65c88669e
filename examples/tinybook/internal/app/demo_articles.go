package app

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

// demoFiles are the articles of the demo, in the order in which they are published:
// the title after "# ", and the text. The name of a file begins with a number and
// says who wrote it.
//
//go:embed demo/*.md
var demoFiles embed.FS

// demoReaders have written the articles of the demo, and like some of them. They
// have no password: nobody signs in as one.
var demoReaders = []user.User{
	{Email: "lin@tinybook.dev", Nickname: "林深", AboutMe: "在地铁上读完了大半个书架。"},
	{Email: "ada@tinybook.dev", Nickname: "Ada", AboutMe: "I read what I can't put down."},
	{Email: "mo@tinybook.dev", Nickname: "墨白", AboutMe: "旧书、地图和茶。"},
	{Email: "jonas@tinybook.dev", Nickname: "Jonas", AboutMe: "Mostly about the sea."},
	{Email: "yun@tinybook.dev", Nickname: "云起", AboutMe: "写得慢，读得更慢。"},
}

// addDemoArticles publishes the articles of the demo where nobody has published
// anything, so that a first look at the site has something to look at.
func (p *parts) addDemoArticles(ctx context.Context) error {
	cards, err := p.articles.Feed(ctx, article.Cursor{}, 1)
	if err != nil || len(cards) > 0 {
		return err
	}
	readers := map[string]int64{}
	for _, u := range demoReaders {
		id, err := p.users.Create(ctx, u)
		if errors.Is(err, user.ErrDuplicate) {
			return nil // somebody else has it, and the site does without
		}
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(u.Email, "@")
		readers[name] = id
	}
	files, err := demoFiles.ReadDir("demo")
	if err != nil {
		return err
	}
	for n, file := range files {
		if err := p.addDemoArticle(ctx, n, file.Name(), readers); err != nil {
			return fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	return nil
}

// addDemoArticle publishes one article, which some of the readers like.
func (p *parts) addDemoArticle(ctx context.Context, n int, file string, readers map[string]int64) error {
	text, err := demoFiles.ReadFile(path.Join("demo", file))
	if err != nil {
		return err
	}
	a, author := demoArticle(file, string(text))
	a.AuthorID = readers[author]
	if err := p.articles.Create(ctx, &a); err != nil {
		return err
	}
	fans := (5*n + 2) % (len(demoReaders) + 1) // as good as by chance, and the same every time
	for i := range fans {
		reader := demoReaders[(n+i)%len(demoReaders)]
		name, _, _ := strings.Cut(reader.Email, "@")
		if _, err := p.interactions.Like(ctx, readers[name], a.ID, true); err != nil {
			return err
		}
	}
	return nil
}

// demoArticle returns what is in a file, and the name of who wrote it.
func demoArticle(file, text string) (a article.Article, author string) {
	title, content, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
	_, author, _ = strings.Cut(strings.TrimSuffix(file, ".md"), "-")
	return article.Article{
		Title: title, Content: strings.TrimSpace(content), Status: article.Published,
	}, author
}

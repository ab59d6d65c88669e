package article

import (
	"regexp"

	"gorm.io/gorm"
)

// keyPattern is what a key may be: what every database compares alike.
var keyPattern = regexp.MustCompile("^[!-~]{0,64}$")

// claim makes a key of an author the transaction's own, which others wait for, and
// returns the id of its article, 0 while there is none. An empty key is nobody's.
func (r *SQLRepo) claim(tx *gorm.DB, author int64, key string) (id int64, err error) {
	if key == "" {
		return 0, nil
	}
	insert := r.db.InsertNew("INSERT INTO article_keys (author_id, client_key, article_id) VALUES (?, ?, 0)")
	done := tx.Exec(insert, author, key)
	if done.Error != nil || done.RowsAffected == 1 {
		return 0, done.Error
	}
	// The insert has waited for whoever had the key, and this first read of the
	// transaction sees what was committed before it. To lock the row, which all who
	// waited share, would be a deadlock.
	const query = "SELECT article_id FROM article_keys WHERE author_id = ? AND client_key = ?"
	return id, tx.Raw(query, author, key).Row().Scan(&id)
}

// keep stores whose key it is.
func (r *SQLRepo) keep(tx *gorm.DB, row *record, key string) error {
	if key == "" {
		return nil
	}
	const update = "UPDATE article_keys SET article_id = ? WHERE author_id = ? AND client_key = ?"
	return tx.Exec(update, row.ID, row.AuthorID, key).Error
}

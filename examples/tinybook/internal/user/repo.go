package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// record is a row of the table users. E-mail and phone are NULL when there is
// none, so that they can be unique.
type record struct {
	ID           int64
	Email        *string
	Phone        *string
	PasswordHash string
	Nickname     string
	Birthday     string
	AboutMe      string
	CreatedAt    int64 `gorm:"autoCreateTime:milli"`
	UpdatedAt    int64 `gorm:"autoUpdateTime:milli"`
}

// TableName tells gorm the table.
func (record) TableName() string { return "users" }

// SQLRepo is a [Repo] in SQLite or MySQL.
type SQLRepo struct{ db *platform.DB }

// NewSQLRepo returns a repository on db, which stays the caller's.
func NewSQLRepo(db *platform.DB) *SQLRepo { return &SQLRepo{db: db} }

// Create implements [Repo].
func (r *SQLRepo) Create(ctx context.Context, u User) (int64, error) {
	row := record{
		Email: null(u.Email), Phone: null(u.Phone), PasswordHash: u.PasswordHash,
		Nickname: u.Nickname, Birthday: u.Birthday, AboutMe: u.AboutMe,
	}
	err := r.db.Write.WithContext(ctx).Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return 0, ErrDuplicate // The database's own text quotes the value.
	}
	if err != nil {
		return 0, fmt.Errorf("user: create: %w", err)
	}
	return row.ID, nil
}

// FindByID implements [Repo].
func (r *SQLRepo) FindByID(ctx context.Context, id int64) (User, error) {
	return r.find(ctx, "id = ?", id)
}

// FindByEmail implements [Repo].
func (r *SQLRepo) FindByEmail(ctx context.Context, email string) (User, error) {
	return r.find(ctx, "email = ?", email)
}

// FindByPhone implements [Repo].
func (r *SQLRepo) FindByPhone(ctx context.Context, phone string) (User, error) {
	return r.find(ctx, "phone = ?", phone)
}

func (r *SQLRepo) find(ctx context.Context, where string, arg any) (User, error) {
	var row record
	err := r.db.Read.WithContext(ctx).Where(where, arg).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("user: find: %w", err)
	}
	return User{
		ID: row.ID, Email: text(row.Email), Phone: text(row.Phone), PasswordHash: row.PasswordHash,
		Nickname: row.Nickname, Birthday: row.Birthday, AboutMe: row.AboutMe,
	}, nil
}

// Update implements [Repo]. It names the columns: a struct would leave out
// what is to be cleared.
func (r *SQLRepo) Update(ctx context.Context, id int64, e Edit) error {
	set := map[string]any{"updated_at": time.Now().UnixMilli()}
	for column, value := range map[string]*string{
		"nickname": e.Nickname, "birthday": e.Birthday, "about_me": e.AboutMe,
	} {
		if value != nil {
			set[column] = *value
		}
	}
	done := r.db.Write.WithContext(ctx).Model(&record{}).Where("id = ?", id).UpdateColumns(set)
	if done.Error != nil {
		return fmt.Errorf("user: update: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return ErrNotFound
	}
	return nil
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

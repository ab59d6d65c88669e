package user

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/crypto/bcrypt"
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

// SetPasswordHash implements [Repo].
func (r *SQLRepo) SetPasswordHash(ctx context.Context, id int64, before, after string) error {
	done := r.db.Write.WithContext(ctx).Model(&record{}).
		Where("id = ? AND password_hash = ?", id, before).UpdateColumn("password_hash", after)
	if done.Error != nil {
		return fmt.Errorf("user: set password hash: %w", done.Error)
	}
	return nil
}

// HighestCost returns the highest bcrypt cost of the hashes, 0 without any. It
// looks at every row, once when the process starts.
func (r *SQLRepo) HighestCost(ctx context.Context) (int, error) {
	var highest *string
	err := r.db.Read.WithContext(ctx).
		Raw("SELECT MAX(SUBSTR(password_hash, 5, 2)) FROM users WHERE password_hash <> ''").Scan(&highest).Error
	if err != nil {
		return 0, fmt.Errorf("user: highest cost: %w", platform.Quiet(err))
	}
	if highest == nil {
		return 0, nil
	}
	cost, err := strconv.Atoi(*highest)
	if err != nil || cost > bcrypt.MaxCost {
		return 0, errors.New("user: highest cost: a password hash is not of bcrypt")
	}
	return cost, nil
}

// quietRepo is a [Repo] whose errors hold no values: databases quote them.
type quietRepo struct{ repo Repo }

func (q quietRepo) Create(ctx context.Context, u User) (int64, error) {
	id, err := q.repo.Create(ctx, u)
	return id, quiet("create", err)
}

func (q quietRepo) FindByID(ctx context.Context, id int64) (User, error) {
	u, err := q.repo.FindByID(ctx, id)
	return u, quiet("find by id", err)
}

func (q quietRepo) FindByEmail(ctx context.Context, email string) (User, error) {
	u, err := q.repo.FindByEmail(ctx, email)
	return u, quiet("find by e-mail", err)
}

func (q quietRepo) FindByPhone(ctx context.Context, phone string) (User, error) {
	u, err := q.repo.FindByPhone(ctx, phone)
	return u, quiet("find by phone", err)
}

func (q quietRepo) Update(ctx context.Context, id int64, e Edit) error {
	return quiet("update", q.repo.Update(ctx, id, e))
}

func (q quietRepo) SetPasswordHash(ctx context.Context, id int64, before, after string) error {
	return quiet("set password hash", q.repo.SetPasswordHash(ctx, id, before, after))
}

func quiet(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return ErrNotFound
	case errors.Is(err, ErrDuplicate):
		return ErrDuplicate
	default:
		return fmt.Errorf("user: %s: %w", op, platform.Quiet(err))
	}
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

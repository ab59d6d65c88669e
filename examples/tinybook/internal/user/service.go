package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// A Repo keeps users. Find methods return [ErrNotFound], Create returns
// [ErrDuplicate] for an e-mail or a phone that it has.
type Repo interface {
	Create(ctx context.Context, u User) (int64, error)
	FindByID(ctx context.Context, id int64) (User, error)
	FindByEmail(ctx context.Context, email string) (User, error)
	FindByPhone(ctx context.Context, phone string) (User, error)
	Update(ctx context.Context, id int64, e Edit) error
}

// Service is what can be done with users. It is safe for concurrent use.
type Service struct {
	repo   Repo
	hasher *Hasher
}

// NewService returns a service on repo.
func NewService(repo Repo, hasher *Hasher) *Service { return &Service{repo: repo, hasher: hasher} }

// SignUp makes an account and returns its id. It returns [ErrEmailTaken] for
// an e-mail that is in use: a sign-up can't keep that secret.
func (s *Service) SignUp(ctx context.Context, email, password string) (int64, error) {
	return s.create(ctx, User{Email: email}, password)
}

func (s *Service) create(ctx context.Context, u User, password string) (int64, error) {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return 0, err
	}
	u.PasswordHash = hash
	id, err := s.repo.Create(ctx, u)
	if errors.Is(err, ErrDuplicate) {
		return 0, ErrEmailTaken
	}
	return id, err
}

// Ensure makes the account u with that password unless its e-mail or phone is
// in use, for the demo data of a directory that is kept.
func (s *Service) Ensure(ctx context.Context, u User, password string) error {
	_, err := s.repo.FindByEmail(ctx, u.Email)
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	if _, err := s.create(ctx, u, password); err != nil && !errors.Is(err, ErrEmailTaken) {
		return fmt.Errorf("user: ensure: %w", err)
	}
	return nil
}

// Login returns the id of the user with this e-mail and password, and
// [ErrCredentials] after the same time if either is wrong.
func (s *Service) Login(ctx context.Context, email, password string) (int64, error) {
	u, err := s.repo.FindByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	ok, err := s.hasher.Check(ctx, u.PasswordHash, password)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, ErrCredentials
	}
	return u.ID, nil
}

// FindOrCreateByPhone returns the id of the account of a phone in E.164,
// which it makes at the first login.
func (s *Service) FindOrCreateByPhone(ctx context.Context, phone string) (int64, error) {
	u, err := s.repo.FindByPhone(ctx, phone)
	if !errors.Is(err, ErrNotFound) {
		return u.ID, err
	}
	id, err := s.repo.Create(ctx, User{Phone: phone})
	if errors.Is(err, ErrDuplicate) { // somebody was faster
		u, err = s.repo.FindByPhone(ctx, phone)
		return u.ID, err
	}
	return id, err
}

// Profile returns a user.
func (s *Service) Profile(ctx context.Context, id int64) (User, error) {
	return s.repo.FindByID(ctx, id)
}

// Edit changes a profile. It returns every fault of e and those that its
// caller found before in one error of type [fields.Errors], and then changes
// nothing.
func (s *Service) Edit(ctx context.Context, id int64, e Edit, before fields.Errors) error {
	e.normalize()
	faults := before
	e.check(&faults, time.Now())
	faults.Sort(fieldNickname, fieldBirthday, fieldAboutMe)
	if err := faults.Err(); err != nil {
		return err
	}
	return s.repo.Update(ctx, id, e)
}

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
	// SetPasswordHash changes the hash unless it is another than before.
	SetPasswordHash(ctx context.Context, id int64, before, after string) error
}

// Service is what can be done with users. It is safe for concurrent use.
type Service struct {
	repo   Repo
	hasher *Hasher
}

// NewService returns a service on repo. Errors of repo may quote what it was
// asked; those of the service don't.
func NewService(repo Repo, hasher *Hasher) *Service {
	return &Service{repo: quietRepo{repo}, hasher: hasher}
}

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

// Ensure makes the account u with that password unless it is there, for the
// demo data of a directory that is kept. It returns [ErrDuplicate] when the
// e-mail or the phone belongs to another account.
func (s *Service) Ensure(ctx context.Context, u User, password string) error {
	there, err := s.repo.FindByEmail(ctx, u.Email)
	if errors.Is(err, ErrNotFound) {
		if _, err = s.create(ctx, u, password); !errors.Is(err, ErrEmailTaken) {
			return err
		}
		// Another process was faster, or it is the phone that is taken.
		there, err = s.repo.FindByEmail(ctx, u.Email)
	}
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("its phone belongs to another account: %w", ErrDuplicate)
	}
	if err != nil {
		return err
	}
	ok, err := s.hasher.Check(ctx, there.PasswordHash, password)
	if err == nil && !ok {
		err = fmt.Errorf("its e-mail belongs to an account with another password: %w", ErrDuplicate)
	}
	return err
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
	s.rehash(ctx, u, password)
	return u.ID, nil
}

// rehash brings the hash of a user who has just signed in to the cost of now.
// When it fails the user is signed in all the same, and the next time is as
// good.
func (s *Service) rehash(ctx context.Context, u User, password string) {
	if !s.hasher.Outdated(u.PasswordHash) {
		return
	}
	if hash, err := s.hasher.Hash(ctx, password); err == nil {
		_ = s.repo.SetPasswordHash(ctx, u.ID, u.PasswordHash, hash)
	}
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

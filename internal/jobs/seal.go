package jobs

import (
	"encoding/json"
	"fmt"

	"github.com/stackhand/stackhand"
)

// Sealer encrypts for one user and purpose; what it made opens for no other.
type Sealer interface {
	Seal(plain []byte, user, purpose string) ([]byte, error)
	Open(sealed []byte, user, purpose string) ([]byte, error)
}

// sealed gives the job as it is written down: its input may hold what nobody else is to read, such as user
// data with a password in it. Sealed input is a JSON string; what was written without a Sealer is none.
func (e *Engine) sealed(job stackhand.Job) (stackhand.Job, error) {
	if e.o.Seal == nil || len(job.Input) == 0 {
		return job, nil
	}
	box, err := e.o.Seal.Seal(job.Input, job.User.ID, purpose(job))
	if err != nil {
		return job, fmt.Errorf("jobs: seal the input of %s: %w", job.ID, err)
	}
	job.Input, err = json.Marshal(box)
	return job, err
}

// opened gives the job as its flow reads it.
func (e *Engine) opened(job stackhand.Job) (stackhand.Job, error) {
	if e.o.Seal == nil || len(job.Input) == 0 || job.Input[0] != '"' {
		return job, nil
	}
	var box []byte
	err := json.Unmarshal(job.Input, &box)
	if err == nil {
		job.Input, err = e.o.Seal.Open(box, job.User.ID, purpose(job))
	}
	if err != nil {
		return job, stackhand.Errorf(stackhand.NeedsHuman, "What job %s has to do cannot be read with the present keyset.", job.ID).
			Do("Start the bot with the keyset that it had before, then try again.").Because(err)
	}
	return job, nil
}

// Anew seals the input of a job, as it is written down, with another key, by what anew does with what was sealed for a user and
// a purpose. changed is false where there is nothing to do.
func Anew(job stackhand.Job, anew func(sealed []byte, user, purpose string) ([]byte, bool, error)) (out stackhand.Job, changed bool, err error) {
	if len(job.Input) == 0 || job.Input[0] != '"' {
		return job, false, nil
	}
	var box []byte
	if err := json.Unmarshal(job.Input, &box); err != nil {
		return job, false, err
	}
	box, changed, err = anew(box, job.User.ID, purpose(job))
	if err != nil || !changed {
		return job, false, err
	}
	job.Input, err = json.Marshal(box)
	return job, err == nil, err
}

func purpose(job stackhand.Job) string { return "job " + job.ID }

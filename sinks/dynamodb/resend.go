package dynamodb

import (
	"context"
	"net/http"
	"time"
)

// maxResends bounds how often one call is signed anew. Twice in a row happens only where credentials live for seconds.
const maxResends = 3

// call posts a body. If the service says that the credentials have expired, which it does before it looks at what was sent, the same is signed
// anew and sent again at once: to the engine nothing has happened.
func (c *client) call(ctx context.Context, operation string, body []byte) (answerHead, []byte, error) {
	for n := 0; ; n++ {
		began := time.Now()
		head, answer, err := c.post(ctx, operation, body)
		if err != nil || head.status == http.StatusOK || n == maxResends || !isExpired(readServiceError(head, answer).code) {
			return head, answer, err
		}
		if !c.session.credentials.reject(began) {
			return head, answer, nil
		}
	}
}

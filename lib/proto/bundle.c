#include "frame/frame.h"
#include "proto/policy.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "proto/bundle.h"

void
bundle_init(struct bundle * B, enum bundle_kind kind)
{

	*B = (struct bundle){ .kind = kind };
}

/* May ${F} stand here in the bundle of an epoch? */
static int
take_epoch(struct bundle * B, const struct frame * F)
{
	struct proto_publish_updates U;
	struct proto_publish_head H;
	struct proto_policy P;

	if (B->head)
		return (-1);
	switch (F->type) {
	case FEED_UPDATES:
		return (B->policy ? -1 :
		    proto_publish_get_updates(F->body, F->len, &U));
	case FEED_POLICY:
		if (B->policy)
			return (-1);
		B->policy = 1;
		return (proto_policy_get(F->body, F->len, &P));
	case FEED_HEAD:
		B->head = 1;
		return (proto_publish_get_head_reply(F->body, F->len, &H));
	default:
		return (-1);
	}
}

static int
take_tail(const struct frame * F)
{
	struct signature_ratification S;
	struct proto_publish_head H;

	switch (F->type) {
	case FEED_HEAD:
		return (proto_publish_get_head_reply(F->body, F->len, &H));
	case FEED_RATIFICATION:
		return (signature_get_ratification(F->body, F->len, &S));
	default:
		return (-1);
	}
}

int
bundle_next(struct bundle * B, const uint8_t * p, size_t len, struct frame * F,
    size_t * used)
{
	int rc;

	if ((rc = frame_parse(p, len, F, used)) != 1)
		return (rc);
	if (F->id != 0)
		return (-1);
	rc = B->kind == BUNDLE_EPOCH ? take_epoch(B, F) : take_tail(F);
	return (rc ? -1 : 1);
}

int
bundle_whole(const struct bundle * B, size_t left)
{

	return (left == 0 && (B->kind == BUNDLE_TAIL || B->head));
}

CREATE TABLE "rate_calls" (
	"call_id" text PRIMARY KEY NOT NULL,
	"until_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_states" (
	"limit_id" text PRIMARY KEY NOT NULL,
	"full_again_ns" bigint,
	"leases" jsonb NOT NULL
);
--> statement-breakpoint
CREATE INDEX "rate_calls_until" ON "rate_calls" USING btree ("until_ms");
--> statement-breakpoint
-- The rows change with every call of whom they bind: room on the page keeps the updates HOT, and vacuum comes early.
ALTER TABLE rate_states SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE "history_links" (
	"number" integer PRIMARY KEY NOT NULL,
	"from_ms" bigint NOT NULL,
	"until_ms" bigint NOT NULL,
	"row_count" integer NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "chain_logs" ALTER COLUMN "decimals" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "chain_logs" ALTER COLUMN "sender" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "chain_logs" ALTER COLUMN "recipient" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "chain_logs" ADD COLUMN "event" text NOT NULL;--> statement-breakpoint
ALTER TABLE "chain_logs" ADD COLUMN "subject" text;--> statement-breakpoint
ALTER TABLE "chain_logs" ADD COLUMN "seen_at_ms" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "class" text NOT NULL;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "network" text NOT NULL;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "opened_at_ms" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "seen_at_ms" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "closed_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "closed_by" text;--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "reason" text;--> statement-breakpoint
CREATE INDEX "chain_logs_block" ON "chain_logs" USING btree ("network","block_number");--> statement-breakpoint
CREATE INDEX "chain_logs_seen" ON "chain_logs" USING brin ("seen_at_ms");--> statement-breakpoint
CREATE INDEX "chain_logs_unexplained" ON "chain_logs" USING btree ("network") WHERE entry_id is null;--> statement-breakpoint
CREATE INDEX "entries_transaction" ON "entries" USING btree ("transaction_id");--> statement-breakpoint
CREATE INDEX "entries_at" ON "entries" USING brin ("at_ms");--> statement-breakpoint
CREATE UNIQUE INDEX "findings_open" ON "findings" USING btree ("network","class","subject") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "findings_opened" ON "findings" USING btree ("opened_at_ms","id");--> statement-breakpoint
ALTER TABLE "chain_logs" DROP COLUMN "block_hash";--> statement-breakpoint
ALTER TABLE "chain_logs" DROP COLUMN "call_id";--> statement-breakpoint
ALTER TABLE "chain_logs" DROP COLUMN "is_final";--> statement-breakpoint
ALTER TABLE "findings" DROP COLUMN "kind";--> statement-breakpoint
ALTER TABLE "findings" DROP COLUMN "opened_at";--> statement-breakpoint
ALTER TABLE "findings" DROP COLUMN "closed_at";--> statement-breakpoint
CREATE TRIGGER history_links_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history_links FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

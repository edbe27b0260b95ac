CREATE TABLE "replaced_bytes" (
	"hash" text PRIMARY KEY NOT NULL,
	"transaction_id" text NOT NULL,
	"raw" text NOT NULL,
	"replaced_at_ms" bigint NOT NULL
);
--> statement-breakpoint
DROP INDEX "transactions_nonce";--> statement-breakpoint
DROP INDEX "transactions_open";--> statement-breakpoint
ALTER TABLE "fundings" ADD COLUMN "adopted_hash" text;--> statement-breakpoint
ALTER TABLE "fundings" ADD COLUMN "adopted_log_index" integer;--> statement-breakpoint
ALTER TABLE "fundings" ADD COLUMN "adopted_block" bigint;--> statement-breakpoint
ALTER TABLE "transactions" ADD COLUMN "was_seen" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "transactions" ADD COLUMN "max_cost_wei" numeric(39, 0) DEFAULT '0' NOT NULL;--> statement-breakpoint
ALTER TABLE "replaced_bytes" ADD CONSTRAINT "replaced_bytes_transaction_id_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."transactions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "fundings_channel" ON "fundings" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "transactions_signed_at" ON "transactions" USING btree ("network","signed_at_ms");--> statement-breakpoint
CREATE UNIQUE INDEX "transactions_nonce" ON "transactions" USING btree ("network","address","nonce");--> statement-breakpoint
CREATE INDEX "transactions_open" ON "transactions" USING btree ("network","state") WHERE state in ('signed', 'seen', 'reverted');--> statement-breakpoint
ALTER TABLE "fundings" ADD CONSTRAINT "fundings_adopted" UNIQUE("network","adopted_hash","adopted_log_index");--> statement-breakpoint
UPDATE transactions SET was_seen = true WHERE state IN ('seen', 'final');--> statement-breakpoint
-- An `exact` call's transaction may be somebody else's.
CREATE OR REPLACE VIEW calls AS
SELECT a.*, c.outcome, c.charge, c.charge_pico_usd, c.cost, c.input_uncached, c.cache_read, c.cache_write, c.output_text,
  c.reasoning, c.images, c.audio, c.usage_estimated, c.endpoint AS captured_endpoint, c.provider AS captured_provider,
  c.finish_reason, c.error_code, c.delivered, c.first_content_ms, c.total_ms, c.at_ms AS captured_at_ms,
  CASE
    WHEN c.call_id IS NULL THEN 'forwarding'
    WHEN c.charge = 0 THEN 'released'
    WHEN a.scheme = 'upto' THEN
      CASE s.state WHEN 'signed' THEN 'signed' WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' WHEN 'failed' THEN 'written-off'
        ELSE 'captured' END
    WHEN a.scheme = 'batch-settlement' THEN coalesce(k.state, 'captured')
    WHEN a.scheme = 'exact' THEN CASE f.state WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' ELSE 'captured' END
    ELSE 'final'
  END AS state,
  coalesce(st.hash, k.hash, ft.hash, f.adopted_hash) AS transaction_hash
FROM admissions a
LEFT JOIN captures c ON c.call_id = a.call_id
LEFT JOIN settlements s ON s.call_id = a.call_id
LEFT JOIN transactions st ON st.id = s.transaction_id
LEFT JOIN fundings f ON a.scheme = 'exact' AND f.key = a.payment_key
LEFT JOIN transactions ft ON ft.id = f.transaction_id
LEFT JOIN LATERAL (
  SELECT t.state, t.hash FROM claims x JOIN transactions t ON t.id = x.transaction_id
  WHERE x.channel_id = a.channel_id AND c.charge > 0 AND x.total_claimed >= c.channel_charged
    AND t.state IN ('signed', 'seen', 'final')
  ORDER BY x.total_claimed, t.signed_at_ms LIMIT 1
) k ON true;

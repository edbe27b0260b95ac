ALTER TABLE "balances" ADD COLUMN "deposits_only" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "accounts_path" ON "accounts" USING btree ("path");--> statement-breakpoint
UPDATE balances b SET deposits_only = true FROM accounts a
WHERE a.id = b.account_id AND a.path IN (
  SELECT 'receivable:' || c.payer_id FROM settlements s JOIN admissions c ON c.call_id = s.call_id WHERE s.state = 'failed');

ALTER TABLE "fundings" ADD COLUMN "is_top_up" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "fee" numeric(39, 0) DEFAULT '0' NOT NULL;--> statement-breakpoint
CREATE INDEX "fundings_top_ups" ON "fundings" USING btree ("network","asset","payer") WHERE is_top_up;--> statement-breakpoint
CREATE INDEX "refunds_payer" ON "refunds" USING btree ("payer","at_ms");
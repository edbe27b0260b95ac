ALTER TABLE "audit_heads" ADD COLUMN "changed_at_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_heads" ADD COLUMN "touched" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_heads_changed" ON "audit_heads" USING btree ("changed_at_ms");
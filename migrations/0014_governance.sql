CREATE TABLE "admin_writes" (
	"organization_id" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"request_digest" text NOT NULL,
	"result" jsonb NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "admin_writes_organization_id_idempotency_key_pk" PRIMARY KEY("organization_id","idempotency_key")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"organization_id" text NOT NULL,
	"sequence" bigint NOT NULL,
	"at_ms" bigint NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"via" text NOT NULL,
	"action" text NOT NULL,
	"target_kind" text NOT NULL,
	"target_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"request_id" text,
	"address_digest" text,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_events_organization_id_sequence_pk" PRIMARY KEY("organization_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "audit_heads" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL,
	"frontier" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"event_id" text NOT NULL,
	"webhook_id" text NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at_ms" bigint NOT NULL,
	"lease_expires_at_ms" bigint DEFAULT 0 NOT NULL,
	"last_status" integer,
	"last_error_code" text,
	"created_at_ms" bigint NOT NULL,
	"ended_at_ms" bigint,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox_events" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"type" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"data" jsonb NOT NULL,
	"count" integer DEFAULT 1 NOT NULL,
	"last_at_ms" bigint NOT NULL,
	"fanned_out_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"principal_id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"is_test" boolean NOT NULL,
	"secret_hash" text NOT NULL,
	"pepper_version" integer NOT NULL,
	"scopes" text[],
	"expires_at_ms" bigint,
	"revoked_at_ms" bigint,
	"rotated_from_id" text
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"level" text NOT NULL,
	"level_id" text NOT NULL,
	"set_by_path" text[] NOT NULL,
	"set_by_reach" text NOT NULL,
	"metric" text NOT NULL,
	"time_window" text NOT NULL,
	"budget_limit" numeric(39, 0) NOT NULL,
	"mode" text NOT NULL,
	"applies" text NOT NULL,
	"time_zone" text NOT NULL,
	"thresholds_percent" integer[] NOT NULL,
	"overrides" jsonb NOT NULL,
	CONSTRAINT "budgets_limit_positive" CHECK ("budgets"."budget_limit" >= 0)
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"name" text NOT NULL,
	"level_names" text[] NOT NULL,
	"time_zone" text NOT NULL,
	CONSTRAINT "organizations_tenant" CHECK ("organizations"."id" = "organizations"."organization_id" and "organizations"."id" <> 'public')
);
--> statement-breakpoint
CREATE TABLE "policies" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"level" text NOT NULL,
	"level_id" text NOT NULL,
	"set_by_path" text[] NOT NULL,
	"set_by_reach" text NOT NULL,
	"rules" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "principals" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"unit_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"address" text
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"level" text NOT NULL,
	"level_id" text NOT NULL,
	"set_by_path" text[] NOT NULL,
	"set_by_reach" text NOT NULL,
	"metric" text NOT NULL,
	"rate_limit" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "role_grants" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"principal_id" text NOT NULL,
	"unit_id" text NOT NULL,
	"role" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "roles" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"name" text NOT NULL,
	"permissions" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "units" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"parent_id" text,
	"path" text[] NOT NULL,
	CONSTRAINT "units_path" CHECK ("units"."path"[1] = "units"."organization_id" and "units"."path"[cardinality("units"."path")] = "units"."id")
);
--> statement-breakpoint
CREATE TABLE "wallets" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"principal_id" text NOT NULL,
	"linked_at_ms" bigint,
	"verdict" text,
	"list_version" text,
	"screened_until_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"event_types" text[],
	"sealed_secret" text NOT NULL,
	"sealed_earlier_secret" text,
	"disabled_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "budget_windows" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"organization_id" text,
	"budget_id" text NOT NULL,
	"level" text NOT NULL,
	"level_id" text NOT NULL,
	"metric" text NOT NULL,
	"window_id" text NOT NULL,
	"resets_at_ms" bigint,
	"opened_at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "balances" DROP CONSTRAINT "balances_available";--> statement-breakpoint
ALTER TABLE "admissions" ADD COLUMN "hold_counts" text[];--> statement-breakpoint
ALTER TABLE "balances" ADD COLUMN "thresholds" integer[];--> statement-breakpoint
ALTER TABLE "balances" ADD COLUMN "told" integer[];--> statement-breakpoint
ALTER TABLE "balances" ADD COLUMN "terms_version" integer;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_event_id_outbox_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."outbox_events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_windows" ADD CONSTRAINT "budget_windows_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "admin_writes_at" ON "admin_writes" USING brin ("at_ms");--> statement-breakpoint
CREATE INDEX "audit_events_target" ON "audit_events" USING btree ("organization_id","target_kind","target_id");--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_once" ON "deliveries" USING btree ("event_id","webhook_id");--> statement-breakpoint
CREATE INDEX "deliveries_list" ON "deliveries" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "deliveries_due" ON "deliveries" USING btree ("next_at_ms") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "outbox_events_list" ON "outbox_events" USING btree ("organization_id","at_ms","id");--> statement-breakpoint
CREATE INDEX "outbox_events_waiting" ON "outbox_events" USING btree ("at_ms") WHERE fanned_out_at_ms is null;--> statement-breakpoint
CREATE INDEX "api_keys_list" ON "api_keys" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "api_keys_principal" ON "api_keys" USING btree ("organization_id","principal_id");--> statement-breakpoint
CREATE INDEX "budgets_list" ON "budgets" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "budgets_place" ON "budgets" USING btree ("organization_id","level","level_id");--> statement-breakpoint
CREATE INDEX "organizations_list" ON "organizations" USING btree ("created_at_ms","id");--> statement-breakpoint
CREATE INDEX "policies_list" ON "policies" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "policies_place" ON "policies" USING btree ("organization_id","level","level_id");--> statement-breakpoint
CREATE INDEX "principals_list" ON "principals" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "principals_unit" ON "principals" USING btree ("organization_id","unit_id");--> statement-breakpoint
CREATE UNIQUE INDEX "principals_address" ON "principals" USING btree ("address") WHERE address is not null;--> statement-breakpoint
CREATE INDEX "rate_limits_list" ON "rate_limits" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "rate_limits_place" ON "rate_limits" USING btree ("organization_id","level","level_id");--> statement-breakpoint
CREATE INDEX "role_grants_list" ON "role_grants" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "role_grants_principal" ON "role_grants" USING btree ("organization_id","principal_id");--> statement-breakpoint
CREATE INDEX "roles_list" ON "roles" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "units_list" ON "units" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE UNIQUE INDEX "units_names" ON "units" USING btree ("organization_id","parent_id","name_key") WHERE archived_at_ms is null;--> statement-breakpoint
CREATE INDEX "wallets_list" ON "wallets" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "wallets_principal" ON "wallets" USING btree ("principal_id");--> statement-breakpoint
CREATE INDEX "webhooks_list" ON "webhooks" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "budget_windows_budget" ON "budget_windows" USING btree ("budget_id","opened_at_ms");--> statement-breakpoint
CREATE INDEX "budget_windows_place" ON "budget_windows" USING btree ("organization_id","level","level_id");--> statement-breakpoint
ALTER TABLE "balances" ADD CONSTRAINT "balances_available" CHECK ("balances"."kind" in ('exposure', 'budget') or "balances"."credit_limit" + "balances"."credits_posted" - "balances"."debits_posted" - "balances"."debits_pending" >= 0);
--> statement-breakpoint
-- What drizzle-kit cannot express: append-only rows and views.
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER budget_windows_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_windows FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Scopes of budgets may count tokens or calls. A call that is let go counts nowhere; one of a model without a price counts where it was answered.
CREATE OR REPLACE VIEW call_holds AS
SELECT a.call_id, h.number, h.account_id, h.amount, h.usd,
  CASE WHEN c.call_id IS NOT NULL THEN LEAST(CASE
      WHEN h.counted IS NULL THEN CASE WHEN h.usd THEN c.charge_pico_usd ELSE c.charge END
      WHEN c.charge = 0 AND (a.ceiling > 0 OR c.outcome IN ('failed', 'abandoned')) THEN 0
      WHEN h.counted = 'requests' THEN 1
      ELSE c.input_uncached + c.cache_read + c.cache_write + c.cache_write_hour + c.output_text + c.reasoning END, h.amount) END AS posted,
  a.at_ms AS held_at_ms, c.at_ms AS resolved_at_ms
FROM admissions a
CROSS JOIN LATERAL unnest(a.hold_accounts, a.hold_amounts, a.hold_usd, a.hold_counts) WITH ORDINALITY AS h(account_id, amount, usd, counted, number)
LEFT JOIN captures c ON c.call_id = a.call_id
WHERE h.amount > 0;
--> statement-breakpoint
-- Budgets count what other accounts have paid: their other side is no revenue.
CREATE OR REPLACE VIEW ledger_postings AS
SELECT p.entry_id || '#' || p.number AS id, e.event, p.ledger, p.debit, p.credit, p.amount, p.kind,
  p.pending_id || '#' || p.number AS pending_id, e.call_id, e.transaction_id, e.at_ms
FROM postings p JOIN entries e ON e.id = p.entry_id
UNION ALL
SELECT h.call_id || '#hold' || h.number, 'call_admitted', acc.ledger, acc.path, CASE WHEN acc.path LIKE 'budget:%' THEN 'budgets:spent' ELSE 'revenue:unsettled' END, h.amount, 'pending',
  NULL, h.call_id, NULL, h.held_at_ms
FROM call_holds h JOIN accounts acc ON acc.id = h.account_id
UNION ALL
SELECT h.call_id || '#capture' || h.number, CASE WHEN h.posted > 0 THEN 'call_captured' ELSE 'call_released' END,
  acc.ledger, acc.path, CASE WHEN acc.path LIKE 'budget:%' THEN 'budgets:spent' ELSE 'revenue:unsettled' END, CASE WHEN h.posted > 0 THEN h.posted ELSE h.amount END,
  CASE WHEN h.posted > 0 THEN 'posted' ELSE 'voided' END, h.call_id || '#hold' || h.number, h.call_id, NULL, h.resolved_at_ms
FROM call_holds h JOIN accounts acc ON acc.id = h.account_id WHERE h.posted IS NOT NULL
UNION ALL
-- Provider cost, in pico-USD: the estimate is pending while the call runs; the capture voids it and posts what was billed,
-- which may be more. A call that was abandoned keeps its cost in suspense until the provider's own numbers are known.
SELECT a.call_id || '#estimate1', 'call_forwarded', 'usd', 'suspense:inference', 'payable:provider:' || a.provider,
  a.estimated_cost, 'pending', NULL, a.call_id, NULL, a.at_ms
FROM admissions a WHERE a.estimated_cost > 0
UNION ALL
SELECT t.call_id || '#estimate' || t.number, 'call_forwarded', 'usd', 'suspense:inference', 'payable:provider:' || t.provider,
  t.estimated_cost, 'pending', NULL, t.call_id, NULL, t.at_ms
FROM attempts t WHERE t.estimated_cost > 0
UNION ALL
SELECT a.call_id || '#estimate1void', 'call_finished', 'usd', 'suspense:inference', 'payable:provider:' || a.provider,
  a.estimated_cost, 'voided', a.call_id || '#estimate1', a.call_id, NULL, c.at_ms
FROM admissions a JOIN captures c ON c.call_id = a.call_id WHERE a.estimated_cost > 0
UNION ALL
SELECT t.call_id || '#estimate' || t.number || 'void', 'call_finished', 'usd', 'suspense:inference',
  'payable:provider:' || t.provider, t.estimated_cost, 'voided', t.call_id || '#estimate' || t.number, t.call_id, NULL, c.at_ms
FROM attempts t JOIN captures c ON c.call_id = t.call_id WHERE t.estimated_cost > 0
UNION ALL
SELECT c.call_id || '#cost', 'call_finished', 'usd',
  CASE WHEN c.outcome = 'abandoned' THEN 'suspense:inference' ELSE 'expense:inference' END, 'payable:provider:' || c.provider,
  c.cost, 'posted', NULL, c.call_id, NULL, c.at_ms
FROM captures c WHERE c.cost > 0;

CREATE TABLE "admissions" (
	"call_id" text PRIMARY KEY NOT NULL,
	"payment_key" "bytea" NOT NULL,
	"scheme" text NOT NULL,
	"network" text NOT NULL,
	"asset" text NOT NULL,
	"decimals" smallint NOT NULL,
	"payer_kind" text NOT NULL,
	"payer_id" text NOT NULL,
	"organization_id" text,
	"principal_id" text,
	"key_id" text,
	"hold_accounts" bigint[] NOT NULL,
	"hold_amounts" numeric(39, 0)[] NOT NULL,
	"hold_usd" boolean[] NOT NULL,
	"ceiling" numeric(39, 0) NOT NULL,
	"fee" numeric(39, 0) NOT NULL,
	"request_hash" text NOT NULL,
	"request_id" text NOT NULL,
	"model" text NOT NULL,
	"endpoint" text NOT NULL,
	"provider" text NOT NULL,
	"region" text NOT NULL,
	"instance" text NOT NULL,
	"strategy" text NOT NULL,
	"price_book" text NOT NULL,
	"output_cap" integer NOT NULL,
	"estimated_cost" numeric(39, 0) NOT NULL,
	"streamed" boolean NOT NULL,
	"channel_id" text,
	"authorization" jsonb,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "admissions_payment_key" UNIQUE("payment_key"),
	CONSTRAINT "admissions_amounts" CHECK ("admissions"."ceiling" >= 0 and "admissions"."fee" >= 0 and "admissions"."estimated_cost" >= 0)
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"call_id" text NOT NULL,
	"number" integer NOT NULL,
	"endpoint" text NOT NULL,
	"provider" text NOT NULL,
	"region" text NOT NULL,
	"instance" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"estimated_cost" numeric(39, 0) NOT NULL,
	CONSTRAINT "attempts_call_id_number_pk" PRIMARY KEY("call_id","number")
);
--> statement-breakpoint
CREATE TABLE "captures" (
	"call_id" text PRIMARY KEY NOT NULL,
	"outcome" text NOT NULL,
	"charge" numeric(39, 0) NOT NULL,
	"charge_pico_usd" numeric(39, 0) NOT NULL,
	"cost" numeric(39, 0) NOT NULL,
	"input_uncached" bigint NOT NULL,
	"cache_read" bigint NOT NULL,
	"cache_write" bigint NOT NULL,
	"output_text" bigint NOT NULL,
	"reasoning" bigint NOT NULL,
	"images" bigint NOT NULL,
	"audio" bigint NOT NULL,
	"usage_estimated" boolean NOT NULL,
	"endpoint" text NOT NULL,
	"provider" text NOT NULL,
	"finish_reason" text,
	"error_code" text,
	"delivered" boolean NOT NULL,
	"first_content_ms" integer,
	"total_ms" integer NOT NULL,
	"at_ms" bigint NOT NULL,
	"channel_charged" numeric(39, 0),
	CONSTRAINT "captures_amounts" CHECK ("captures"."charge" >= 0 and "captures"."charge_pico_usd" >= 0 and "captures"."cost" >= 0)
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "accounts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"ledger" text NOT NULL,
	"path" text NOT NULL,
	CONSTRAINT "accounts_ledger_path" UNIQUE("ledger","path")
);
--> statement-breakpoint
CREATE TABLE "balances" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"credit_limit" numeric(39, 0) DEFAULT '0' NOT NULL,
	"credits_posted" numeric(39, 0) DEFAULT '0' NOT NULL,
	"debits_posted" numeric(39, 0) DEFAULT '0' NOT NULL,
	"debits_pending" numeric(39, 0) DEFAULT '0' NOT NULL,
	"refunds_posted" numeric(39, 0) DEFAULT '0' NOT NULL,
	"refunds_pending" numeric(39, 0) DEFAULT '0' NOT NULL,
	"moved_at_ms" bigint DEFAULT 0 NOT NULL,
	"voucher_max" numeric(39, 0) DEFAULT '0' NOT NULL,
	"voucher_signature" text,
	"turn_payer" text,
	"turn_quotes" text[],
	"turn_reserved" numeric(39, 0) DEFAULT '0' NOT NULL,
	"turn_expires_at_ms" bigint DEFAULT 0 NOT NULL,
	"claimed" numeric(39, 0) DEFAULT '0' NOT NULL,
	"unclaimed_since_ms" bigint,
	"withdraw_requested_at" bigint DEFAULT 0 NOT NULL,
	"refund_nonce" numeric(39, 0) DEFAULT '0' NOT NULL,
	CONSTRAINT "balances_pending" CHECK ("balances"."debits_pending" >= 0 and "balances"."refunds_pending" >= 0),
	CONSTRAINT "balances_available" CHECK ("balances"."kind" = 'exposure' or "balances"."credit_limit" + "balances"."credits_posted" - "balances"."debits_posted" - "balances"."debits_pending" >= 0),
	CONSTRAINT "balances_voucher" CHECK ("balances"."kind" <> 'channel' or "balances"."debits_posted" - "balances"."refunds_posted" + "balances"."debits_pending" - "balances"."refunds_pending" <= "balances"."voucher_max"),
	CONSTRAINT "balances_claimed" CHECK ("balances"."kind" <> 'channel' or "balances"."claimed" <= "balances"."debits_posted" - "balances"."refunds_posted")
);
--> statement-breakpoint
CREATE TABLE "chain_logs" (
	"network" text NOT NULL,
	"transaction_hash" text NOT NULL,
	"log_index" integer NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text,
	"token" text NOT NULL,
	"decimals" integer,
	"sender" text NOT NULL,
	"recipient" text NOT NULL,
	"amount" numeric(39, 0) NOT NULL,
	"entry_id" text,
	"call_id" text,
	"is_final" boolean DEFAULT false NOT NULL,
	CONSTRAINT "chain_logs_network_transaction_hash_log_index_pk" PRIMARY KEY("network","transaction_hash","log_index")
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" bigint NOT NULL,
	"network" text NOT NULL,
	"asset" text NOT NULL,
	"decimals" integer,
	"payer" text NOT NULL,
	"config" jsonb NOT NULL,
	"opened_at_ms" bigint NOT NULL,
	CONSTRAINT "channels_account_id_unique" UNIQUE("account_id")
);
--> statement-breakpoint
CREATE TABLE "entries" (
	"id" text PRIMARY KEY NOT NULL,
	"event" text NOT NULL,
	"call_id" text,
	"transaction_id" text,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "postings" (
	"entry_id" text NOT NULL,
	"number" integer NOT NULL,
	"ledger" text NOT NULL,
	"debit" text NOT NULL,
	"credit" text NOT NULL,
	"amount" numeric(39, 0) NOT NULL,
	"kind" text NOT NULL,
	"pending_id" text,
	CONSTRAINT "postings_entry_id_number_pk" PRIMARY KEY("entry_id","number"),
	CONSTRAINT "postings_amount" CHECK ("postings"."amount" > 0),
	CONSTRAINT "postings_sides" CHECK ("postings"."debit" <> "postings"."credit")
);
--> statement-breakpoint
CREATE TABLE "instances" (
	"id" text PRIMARY KEY NOT NULL,
	"region" text NOT NULL,
	"started_at_ms" bigint NOT NULL,
	"lease_expires_at_ms" bigint NOT NULL,
	"open_since_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"transaction_id" text NOT NULL,
	"channel_id" text NOT NULL,
	"total_claimed" numeric(39, 0) NOT NULL,
	CONSTRAINT "claims_transaction_id_channel_id_pk" PRIMARY KEY("transaction_id","channel_id")
);
--> statement-breakpoint
CREATE TABLE "findings" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb NOT NULL,
	"state" text NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "fundings" (
	"id" text PRIMARY KEY NOT NULL,
	"key" "bytea" NOT NULL,
	"kind" text NOT NULL,
	"network" text NOT NULL,
	"asset" text NOT NULL,
	"decimals" integer,
	"payer" text NOT NULL,
	"amount" numeric(39, 0) NOT NULL,
	"expires_at" bigint NOT NULL,
	"authorization" jsonb NOT NULL,
	"channel_id" text,
	"channel_config" jsonb,
	"state" text NOT NULL,
	"transaction_id" text,
	"error" text,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "fundings_key" UNIQUE("key"),
	CONSTRAINT "fundings_amount" CHECK ("fundings"."amount" > 0)
);
--> statement-breakpoint
CREATE TABLE "lanes" (
	"network" text NOT NULL,
	"address" text NOT NULL,
	"role" text NOT NULL,
	"first_nonce" bigint NOT NULL,
	"next_nonce" bigint NOT NULL,
	"lease_owner" text,
	"lease_expires_at_ms" bigint,
	CONSTRAINT "lanes_network_address_pk" PRIMARY KEY("network","address")
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"network" text NOT NULL,
	"asset" text NOT NULL,
	"decimals" integer,
	"payer" text NOT NULL,
	"channel_id" text,
	"amount" numeric(39, 0) NOT NULL,
	"state" text NOT NULL,
	"transaction_id" text,
	"error" text,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "refunds_amount" CHECK ("refunds"."amount" > 0)
);
--> statement-breakpoint
CREATE TABLE "settlements" (
	"call_id" text PRIMARY KEY NOT NULL,
	"network" text NOT NULL,
	"state" text NOT NULL,
	"transaction_id" text,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "transactions" (
	"id" text PRIMARY KEY NOT NULL,
	"network" text NOT NULL,
	"role" text NOT NULL,
	"address" text NOT NULL,
	"nonce" bigint NOT NULL,
	"purpose" jsonb NOT NULL,
	"raw" text NOT NULL,
	"hash" text NOT NULL,
	"state" text NOT NULL,
	"signed_at_ms" bigint NOT NULL,
	"block_number" bigint,
	"block_hash" text,
	"gas_used" numeric(39, 0),
	"effective_gas_price_wei" numeric(39, 0),
	"error" text,
	CONSTRAINT "transactions_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_call_id_admissions_call_id_fk" FOREIGN KEY ("call_id") REFERENCES "public"."admissions"("call_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "balances" ADD CONSTRAINT "balances_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channels" ADD CONSTRAINT "channels_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "postings" ADD CONSTRAINT "postings_entry_id_entries_id_fk" FOREIGN KEY ("entry_id") REFERENCES "public"."entries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claims" ADD CONSTRAINT "claims_transaction_id_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."transactions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "admissions_payer" ON "admissions" USING btree ("payer_id","at_ms");--> statement-breakpoint
CREATE INDEX "admissions_at" ON "admissions" USING brin ("at_ms");--> statement-breakpoint
CREATE INDEX "captures_at" ON "captures" USING brin ("at_ms");--> statement-breakpoint
CREATE INDEX "entries_event" ON "entries" USING btree ("event");--> statement-breakpoint
CREATE INDEX "postings_debit" ON "postings" USING btree ("debit","ledger");--> statement-breakpoint
CREATE INDEX "postings_credit" ON "postings" USING btree ("credit","ledger");--> statement-breakpoint
CREATE INDEX "claims_channel" ON "claims" USING btree ("channel_id","total_claimed");--> statement-breakpoint
CREATE INDEX "fundings_open" ON "fundings" USING btree ("network","state") WHERE state in ('reserved', 'signed', 'seen');--> statement-breakpoint
CREATE INDEX "refunds_open" ON "refunds" USING btree ("network","state") WHERE state in ('held', 'signed', 'seen');--> statement-breakpoint
CREATE INDEX "settlements_due" ON "settlements" USING btree ("network") WHERE state = 'due';--> statement-breakpoint
CREATE UNIQUE INDEX "transactions_nonce" ON "transactions" USING btree ("network","address","nonce") WHERE state <> 'replaced';--> statement-breakpoint
CREATE INDEX "transactions_open" ON "transactions" USING btree ("network","state") WHERE state in ('signed', 'seen');
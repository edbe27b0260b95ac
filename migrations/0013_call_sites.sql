CREATE TABLE "call_sites" (
	"site" text NOT NULL,
	"payer" text NOT NULL,
	"model" text NOT NULL,
	"samples" double precision NOT NULL,
	"seen_good" double precision NOT NULL,
	"seen_bad" double precision NOT NULL,
	"told_good" double precision NOT NULL,
	"told_bad" double precision NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "call_sites_site_payer_model_pk" PRIMARY KEY("site","payer","model")
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"call_id" text PRIMARY KEY NOT NULL,
	"score" double precision NOT NULL,
	"reason" text,
	"good" double precision NOT NULL,
	"bad" double precision NOT NULL,
	"counted_good" double precision NOT NULL,
	"counted_bad" double precision NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "observations" (
	"call_id" text NOT NULL,
	"kind" text NOT NULL,
	"site" text NOT NULL,
	"payer" text NOT NULL,
	"model" text NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "observations_call_id_kind_pk" PRIMARY KEY("call_id","kind")
);
--> statement-breakpoint
CREATE INDEX "call_sites_payer" ON "call_sites" USING btree ("payer","at_ms");--> statement-breakpoint
CREATE INDEX "call_sites_at" ON "call_sites" USING btree ("at_ms");--> statement-breakpoint
CREATE INDEX "feedback_at" ON "feedback" USING brin ("at_ms");--> statement-breakpoint
CREATE INDEX "observations_at" ON "observations" USING brin ("at_ms");
CREATE TABLE "endpoint_health" (
	"endpoint_id" text NOT NULL,
	"instance" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"successes" double precision NOT NULL,
	"failures" double precision NOT NULL,
	"successes_at_ms" bigint NOT NULL,
	"circuit_open_until_ms" bigint NOT NULL,
	"circuit_openings" integer NOT NULL,
	"circuit_changed_at_ms" bigint NOT NULL,
	"wait_until_ms" bigint NOT NULL,
	"paces" jsonb NOT NULL,
	CONSTRAINT "endpoint_health_endpoint_id_instance_pk" PRIMARY KEY("endpoint_id","instance")
);
--> statement-breakpoint
CREATE INDEX "endpoint_health_at" ON "endpoint_health" USING btree ("at_ms");
CREATE TABLE "logins" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"archived_at_ms" bigint,
	"email_digest" text,
	"password_hash" text,
	"password_set_at_ms" bigint,
	"invitation_hash" text,
	"invitation_expires_at_ms" bigint,
	"subject_digest" text,
	"is_by_group" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"principal_id" text NOT NULL,
	"login_version" integer NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"seen_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"revoked_at_ms" bigint
);
--> statement-breakpoint
CREATE INDEX "logins_list" ON "logins" USING btree ("organization_id","created_at_ms","id");--> statement-breakpoint
CREATE UNIQUE INDEX "logins_email" ON "logins" USING btree ("email_digest") WHERE archived_at_ms is null;--> statement-breakpoint
CREATE UNIQUE INDEX "logins_subject" ON "logins" USING btree ("subject_digest") WHERE archived_at_ms is null;--> statement-breakpoint
CREATE INDEX "logins_invitation" ON "logins" USING btree ("invitation_hash");--> statement-breakpoint
CREATE INDEX "sessions_expired" ON "sessions" USING btree ("expires_at_ms");--> statement-breakpoint
CREATE INDEX "sessions_principal" ON "sessions" USING btree ("principal_id");
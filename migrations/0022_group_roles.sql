ALTER TABLE "role_grants" ADD COLUMN "is_by_group" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- Roles so far: those that came with a member whom a group has let in were written in the commit that made the login.
UPDATE "role_grants" g SET "is_by_group" = true FROM "logins" l WHERE l."id" = g."principal_id" AND l."is_by_group" AND g."created_at_ms" = l."created_at_ms";

DROP INDEX "fundings_open";--> statement-breakpoint
CREATE INDEX "fundings_open" ON "fundings" USING btree ("network","state") WHERE state in ('reserved', 'signed', 'seen', 'failed');
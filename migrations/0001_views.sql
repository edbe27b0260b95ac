-- What drizzle-kit cannot express: collation, storage parameters, append-only triggers and views.

-- Ids are compared as bytes: faster, and the same order on every system.
ALTER TABLE admissions ALTER COLUMN call_id TYPE text COLLATE "C";
--> statement-breakpoint
ALTER TABLE captures ALTER COLUMN call_id TYPE text COLLATE "C";
--> statement-breakpoint
ALTER TABLE settlements ALTER COLUMN call_id TYPE text COLLATE "C";
--> statement-breakpoint
-- Balances change with every call: room on the page keeps the updates HOT, and vacuum comes early.
ALTER TABLE balances SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER admissions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admissions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER captures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON captures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- One row per hold of a call, with what its capture posts of it (null while the call runs).
CREATE VIEW call_holds AS
SELECT a.call_id, h.number, h.account_id, h.amount, h.usd,
  CASE WHEN c.call_id IS NOT NULL THEN LEAST(CASE WHEN h.usd THEN c.charge_pico_usd ELSE c.charge END, h.amount) END AS posted,
  a.at_ms AS held_at_ms, c.at_ms AS resolved_at_ms
FROM admissions a
CROSS JOIN LATERAL unnest(a.hold_accounts, a.hold_amounts, a.hold_usd) WITH ORDINALITY AS h(account_id, amount, usd, number)
LEFT JOIN captures c ON c.call_id = a.call_id
WHERE h.amount > 0;
--> statement-breakpoint
-- The whole ledger: the postings of entries, and those that admissions and captures are.
CREATE VIEW ledger_postings AS
SELECT p.entry_id || '#' || p.number AS id, e.event, p.ledger, p.debit, p.credit, p.amount, p.kind,
  p.pending_id || '#' || p.number AS pending_id, e.call_id, e.transaction_id, e.at_ms
FROM postings p JOIN entries e ON e.id = p.entry_id
UNION ALL
SELECT h.call_id || '#hold' || h.number, 'call_admitted', acc.ledger, acc.path, 'revenue:unsettled', h.amount, 'pending',
  NULL, h.call_id, NULL, h.held_at_ms
FROM call_holds h JOIN accounts acc ON acc.id = h.account_id
UNION ALL
SELECT h.call_id || '#capture' || h.number, CASE WHEN h.posted > 0 THEN 'call_captured' ELSE 'call_released' END,
  acc.ledger, acc.path, 'revenue:unsettled', CASE WHEN h.posted > 0 THEN h.posted ELSE h.amount END,
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
--> statement-breakpoint
-- A call's state is never stored: it follows from the rows that exist. A channel's call is covered by the first claim whose
-- total reaches the channel's sum of charges just after that call; an `exact` call by the funding with its payment key.
CREATE VIEW calls AS
SELECT a.*, c.outcome, c.charge, c.charge_pico_usd, c.cost, c.input_uncached, c.cache_read, c.cache_write, c.output_text,
  c.reasoning, c.images, c.audio, c.usage_estimated, c.endpoint AS captured_endpoint, c.provider AS captured_provider,
  c.finish_reason, c.error_code, c.delivered, c.first_content_ms, c.total_ms, c.at_ms AS captured_at_ms,
  CASE
    WHEN c.call_id IS NULL THEN 'forwarding'
    WHEN c.charge = 0 THEN 'released'
    WHEN a.scheme = 'upto' THEN
      CASE s.state WHEN 'signed' THEN 'signed' WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' WHEN 'failed' THEN 'written-off'
        ELSE 'captured' END
    WHEN a.scheme = 'batch-settlement' THEN coalesce(k.state, 'captured')
    WHEN a.scheme = 'exact' THEN CASE f.state WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' ELSE 'captured' END
    ELSE 'final'
  END AS state,
  coalesce(st.hash, k.hash, ft.hash) AS transaction_hash
FROM admissions a
LEFT JOIN captures c ON c.call_id = a.call_id
LEFT JOIN settlements s ON s.call_id = a.call_id
LEFT JOIN transactions st ON st.id = s.transaction_id
LEFT JOIN fundings f ON a.scheme = 'exact' AND f.key = a.payment_key
LEFT JOIN transactions ft ON ft.id = f.transaction_id
LEFT JOIN LATERAL (
  SELECT t.state, t.hash FROM claims x JOIN transactions t ON t.id = x.transaction_id
  WHERE x.channel_id = a.channel_id AND c.charge > 0 AND x.total_claimed >= c.channel_charged
    AND t.state IN ('signed', 'seen', 'final')
  ORDER BY x.total_claimed, t.signed_at_ms LIMIT 1
) k ON true;

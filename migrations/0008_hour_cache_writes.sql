ALTER TABLE "captures" ADD COLUMN "cache_write_hour" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
-- As before, with the new column at its end.
CREATE OR REPLACE VIEW calls AS
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
  coalesce(st.hash, k.hash, ft.hash, f.adopted_hash) AS transaction_hash, c.cache_write_hour
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

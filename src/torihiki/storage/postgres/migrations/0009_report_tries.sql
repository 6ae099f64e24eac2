-- How often a report was begun, so that one that kills its worker comes to an end.

ALTER TABLE pay_reports ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;  -- without those that were no fault of the report's

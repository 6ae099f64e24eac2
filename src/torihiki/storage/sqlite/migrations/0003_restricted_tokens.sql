-- Access tokens that are good for certain calls only, and show restricted data there.

ALTER TABLE access_tokens ADD COLUMN resources TEXT;  -- JSON list of what it is good for; NULL: an ordinary token

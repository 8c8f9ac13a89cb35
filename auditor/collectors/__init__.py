"""One file a source: `fetch_*` calls AWS, `parse_*` turns an answer into the model and knows no network."""

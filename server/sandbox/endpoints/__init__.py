"""The API, one class per family of endpoints; `base.Endpoints` has what they share."""

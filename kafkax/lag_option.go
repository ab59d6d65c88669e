package kafkax

// lagConfig is what the options of a lag collector set.
type lagConfig struct{}

func defaultLagConfig() lagConfig { return lagConfig{} }

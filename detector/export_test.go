package detector

// SetFault makes an engine die where fault says so.
func SetFault(d *Detector, fault func(point string) error) { d.engine.fault = fault }

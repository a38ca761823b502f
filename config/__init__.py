"""What differs between deployments: settings, accepted formats, reasons and logging."""
